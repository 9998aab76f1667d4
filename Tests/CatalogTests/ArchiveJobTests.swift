import Catalog
import LightboxCore
import Testing

@Suite("Work on DICOM stores in its own queue") struct ArchiveJobTests {
    private func work(_ dataset: String = "d") -> ArchiveWork {
        ArchiveWork(dataset: dataset, store: "s", .importFiles(from: "gs://b/**.dcm"))
    }

    @Test func queuesDoNotWaitForEachOther() throws {
        try withCatalog { catalog, _ in
            try catalog.createJob("training", .training(TrainingWork(module: "t", arguments: [])))
            let made = try catalog.createArchiveJob(work(), creator: "ann")
            #expect(made.state == .queued && made.creator == "ann" && made.id.hasPrefix("import_"))
            let lease = try #require(try catalog.claimJob(in: .archive))
            #expect(lease.job.id == made.id && lease.job.work == .archive(work()))
            #expect(try catalog.claimJob(in: .archive) == nil)
            #expect(try catalog.claimJob()?.job.id == "training")
            #expect(try catalog.hasOpenJobs(in: .archive))
            try lease.succeed()
            #expect(try !catalog.hasOpenJobs(in: .archive))
            #expect(try catalog.hasOpenJobs())
        }
    }

    @Test func whatIsDoneIsWrittenDown() throws {
        try withCatalog { catalog, clock in
            let job = try catalog.recordArchiveJob(ArchiveWork(dataset: "d", .createDataset))
            #expect(job.state == .succeeded && job.ended == clock.now && job.started == clock.now)
            #expect(try catalog.claimJob(in: .archive) == nil)
            #expect(try catalog.archiveJob(job.id, of: "d") == job)
            #expect(throws: CatalogError.self) { try catalog.archiveJob(job.id, of: "other") }
        }
    }

    @Test func listsAreOfOneQueueAndDataset() throws {
        try withCatalog { catalog, _ in
            try catalog.createJob("training", .training(TrainingWork(module: "t", arguments: [])))
            let first = try catalog.createArchiveJob(work())
            let second = try catalog.createArchiveJob(work())
            let other = try catalog.createArchiveJob(work("other"))
            #expect(try catalog.jobs().items.count == 4)
            #expect(try catalog.jobs(in: .models).items.map(\.id) == ["training"])
            #expect(try catalog.jobs(in: .archive).items.map(\.id) == [other.id, second.id, first.id])
            #expect(try catalog.jobs(in: .archive, of: "d").items.map(\.id) == [second.id, first.id])
            let page = try catalog.jobs(.init(size: 1), in: .archive, of: "d")
            let token = try #require(page.next)
            #expect(
                try catalog.jobs(.init(size: 1, token: token), in: .archive, of: "d").items.map(\.id) == [first.id]
            )
            #expect(throws: CatalogError.self) { try catalog.jobs(.init(token: token), in: .archive, of: "other") }
        }
    }

    @Test func aFailureKeepsItsKind() throws {
        try withCatalog { catalog, _ in
            let job = try catalog.createArchiveJob(work())
            try #require(try catalog.claimJob(in: .archive)).fail("no such object", .notFound)
            #expect(try catalog.job(job.id).errorKind == .notFound)
            #expect(try catalog.job(job.id).errorMessage == "no such object")
        }
    }

    @Test func aListInMemoryHasPages() throws {
        let names = ["a", "b", "c"]
        var request = PageRequest(size: 2)
        let first = try CatalogPage(names, list: "names", request, key: \.self)
        #expect(first.items == ["a", "b"])
        request.token = try #require(first.next)
        let second = try CatalogPage(names, list: "names", request, key: \.self)
        #expect(second.items == ["c"] && second.next == nil)
        #expect(throws: CatalogError.self) { try CatalogPage(names, list: "others", request, key: \.self) }
        let labelled = try CatalogPage(
            names, list: "names", .init(filter: "labels.kind=x"), key: \.self,
            labels: { $0 == "b" ? ["kind": "x"] : [:] })
        #expect(labelled.items == ["b"])
    }
}
