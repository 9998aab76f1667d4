import Catalog
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Jobs of the catalogue") struct JobTests {
    private let training = Job.Work.training(TrainingWork(module: "trainer.task", arguments: ["--epochs", "2"]))

    private func prediction(_ target: PredictionWork.Target) -> Job.Work {
        .prediction(
            PredictionWork(target: target, format: .tfRecord, inputs: ["gs://b/**.tfrecord"], output: "gs://b/o"))
    }

    @Test("A job is queued, taken up, reports and succeeds") func life() throws {
        try withCatalog { catalog, clock in
            let queued = try catalog.createJob("train_1", training, labels: ["who": "me"], creator: "ada")
            #expect(try queued.state == .queued && catalog.hasOpenJobs())
            let lease = try #require(try catalog.claimJob())
            #expect(lease.job.id == "train_1" && lease.job.state == .preparing && lease.job.attempts == 1)
            #expect(try catalog.claimJob() == nil)
            try lease.begin()
            var progress = Job.Progress()
            progress.completed = 7
            progress.total = 10
            try lease.report(progress)
            #expect(try catalog.job("train_1").state == .running)
            #expect(try catalog.job("train_1").progress == progress)
            try lease.log("epoch 1")
            clock.advance(5)
            try lease.succeed()
            let job = try catalog.job("train_1")
            #expect(job.state == .succeeded && job.ended == clock.now && job.work == training)
            #expect(
                try catalog.log(of: "train_1").map(\.text) == [
                    "The job is queued.", "epoch 1", "The job succeeded.",
                ])
            #expect(try catalog.log(of: "train_1", after: 1, limit: 1).map(\.number) == [2])
            #expect(throws: CatalogError.self) { try lease.report(progress) }
            #expect(try !catalog.hasOpenJobs())
        }
    }

    @Test("A prediction is bound to the version that is there") func bound() throws {
        try withCatalog { catalog, _ in
            let unknown = #expect(throws: CatalogError.self) {
                try catalog.createJob("j", prediction(.model("m", version: nil)))
            }
            #expect(unknown?.code == .notFound)
            try catalog.createModel("m")
            let empty = #expect(throws: CatalogError.self) {
                try catalog.createJob("j", prediction(.model("m", version: nil)))
            }
            #expect(empty?.code == .failedPrecondition)
            try addVersion("v1", of: "m", in: catalog)
            let job = try catalog.createJob("j", prediction(.model("m", version: nil)))
            guard case .prediction(let work) = job.work else { return #expect(Bool(false)) }
            #expect(work.version == "v1" && work.target == .model("m", version: nil) && work.batchSize == 64)
            let again = #expect(throws: CatalogError.self) { try catalog.createJob("j", training) }
            #expect(again?.code == .alreadyExists)
        }
    }

    @Test("Refuses a job that lacks something") func incomplete() throws {
        try withCatalog { catalog, _ in
            var work = PredictionWork(target: .folder("/m"), format: .json, inputs: [], output: "o")
            for change in [
                { $0.inputs = [] }, { $0.output = "" }, { $0.batchSize = 0 }, { $0.outputFormat = "CSV" },
                { $0.target = .folder("") },
            ] as [(inout PredictionWork) -> Void] {
                work = PredictionWork(target: .folder("/m"), format: .json, inputs: ["i"], output: "o")
                change(&work)
                let error = #expect(throws: CatalogError.self) { try catalog.createJob("j", .prediction(work)) }
                #expect(error?.code == .invalidArgument)
            }
            work = PredictionWork(target: .folder("/m"), format: .json, inputs: ["gs://../x"], output: "o")
            #expect(throws: HomeError.self) { try catalog.createJob("j", .prediction(work)) }
        }
    }

    @Test("A waiting job is cancelled at once, a running one when its process says so") func cancels() throws {
        try withCatalog { catalog, _ in
            try catalog.createJob("a", training)
            try catalog.createJob("b", training)
            #expect(try catalog.cancelJob("a").state == .cancelled)
            let error = #expect(throws: CatalogError.self) { try catalog.cancelJob("a") }
            #expect(error?.code == .failedPrecondition)
            let lease = try #require(try catalog.claimJob())
            #expect(lease.job.id == "b" && !lease.shouldStop)
            #expect(try catalog.cancelJob("b").state == .cancelling)
            try lease.report(Job.Progress())
            #expect(lease.shouldStop && lease.isCancelled)
            try lease.begin()
            #expect(try catalog.job("b").state == .cancelling)
            try lease.confirmCancellation()
            #expect(try catalog.job("b").state == .cancelled)
        }
    }

    @Test("A dead process's job is taken up again, with its progress") func takenUpAgain() throws {
        try withCatalog { catalog, clock in
            try catalog.createJob("a", training)
            let first = try #require(try catalog.claimJob())
            var progress = Job.Progress()
            progress.completed = 3
            try first.report(progress)
            clock.advance(14)
            #expect(try catalog.claimJob() == nil)
            clock.advance(2)
            let second = try #require(try catalog.claimJob())
            #expect(second.job.attempts == 2 && second.job.progress.completed == 3)
            let error = #expect(throws: CatalogError.self) { try first.report(progress) }
            #expect(error?.code == .aborted)
            #expect(throws: CatalogError.self) { try first.succeed() }
            try second.release()
            #expect(try catalog.job("a").state == .queued)
        }
    }

    @Test("A job that ends its process again and again fails at last") func tooManyAttempts() throws {
        try withCatalog { catalog, clock in
            try catalog.createJob("a", training)
            for _ in 0..<5 {
                #expect(try catalog.claimJob() != nil)
                clock.advance(16)
            }
            #expect(try catalog.claimJob() == nil)
            #expect(try catalog.job("a").state == .failed)
        }
    }

    @Test("A job that is given back again and again goes on") func givenBackOften() throws {
        try withCatalog { catalog, _ in
            try catalog.createJob("a", training)
            for _ in 0..<12 { try #require(try catalog.claimJob()).release() }
            try #require(try catalog.claimJob()).succeed()
            #expect(try catalog.job("a").attempts == 13)
        }
    }

    @Test("A cancelled job whose process died is cancelled") func cancelledAndDead() throws {
        try withCatalog { catalog, clock in
            try catalog.createJob("a", training)
            _ = try #require(try catalog.claimJob())
            try catalog.cancelJob("a")
            clock.advance(16)
            #expect(try catalog.claimJob() == nil)
            #expect(try catalog.job("a").state == .cancelled)
        }
    }

    @Test("A living process keeps its lease, and hears of a cancellation") func heartbeat() async throws {
        try await withAsyncTemporaryFolder { folder in
            let catalog = try ModelCatalog(home: TestEngine.home(folder), leaseSeconds: 0.3) { Date() }
            try catalog.createJob("a", training)
            let lease = try #require(try catalog.claimJob())
            try await Task.sleep(for: .seconds(0.8))
            #expect(try catalog.claimJob() == nil)
            try catalog.cancelJob("a")
            for _ in 0..<200 where !lease.shouldStop { try await Task.sleep(for: .milliseconds(20)) }
            #expect(lease.isCancelled)
        }
    }

    @Test("Two catalogues of one home never take the same job") func exclusive() async throws {
        try await withAsyncTemporaryFolder { folder in
            let catalogs = try (0..<4).map { _ in try ModelCatalog(home: TestEngine.home(folder)) }
            for number in 0..<40 { try catalogs[0].createJob("job\(number)", training) }
            let taken = try await withThrowingTaskGroup(of: [String].self) { group in
                for catalog in catalogs {
                    group.addTask {
                        var ids: [String] = []
                        while let lease = try catalog.claimJob() {
                            ids.append(lease.job.id)
                            try lease.succeed()
                        }
                        return ids
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.count == 40 && Set(taken).count == 40)
        }
    }

    @Test("Lists the newest first, filtered as gcloud asks") func lists() throws {
        try withCatalog { catalog, _ in
            for id in ["census_1", "census_2", "other"] { try catalog.createJob(id, training, labels: ["k": id]) }
            try catalog.cancelJob("census_2")
            #expect(try catalog.jobs().items.map(\.id) == ["other", "census_2", "census_1"])
            #expect(try catalog.jobs(.init(filter: "jobId:census*")).items.map(\.id) == ["census_2", "census_1"])
            let both = try catalog.jobs(.init(filter: "job_id:census* AND state:CANCELLED"))
            #expect(both.items.map(\.id) == ["census_2"])
            let first = try catalog.jobs(.init(size: 2))
            #expect(try catalog.jobs(.init(size: 2, token: first.next ?? "")).items.map(\.id) == ["census_1"])
        }
    }

    @Test("Labels can be changed, under an etag") func patches() throws {
        try withCatalog { catalog, _ in
            let job = try catalog.createJob("a", training, labels: ["x": "1"])
            let mask = try UpdateMask("labels,etag")
            let changed = try catalog.patchJob("a", mask: mask, labels: ["y": "2"], etag: job.etag)
            #expect(changed.labels == ["y": "2"])
            #expect(throws: CatalogError.self) {
                try catalog.patchJob("a", mask: mask, labels: [:], etag: job.etag)
            }
        }
    }
}
