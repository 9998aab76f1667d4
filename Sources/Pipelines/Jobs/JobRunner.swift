public import Catalog
import Foundation
public import LightboxCore
public import Serving

/// Predicts in batches and trains, one job after another.
public struct JobRunner: QueueRunner {
    public let queue = Job.Queue.models
    public let catalog: ModelCatalog
    /// Loads what predicts: the version that the job is bound to, or the model in a folder.
    public let openModel: @Sendable (PredictionWork) async throws -> any BatchModel
    /// Trains, and returns when the training has ended well; asks the lease whether to stop.
    public let train: @Sendable (TrainingWork, JobLease) async throws -> Void
    /// Lines about records that were left out, at most, in a job's log.
    private static let loggedProblems = 100

    public init(
        catalog: ModelCatalog, openModel: @escaping @Sendable (PredictionWork) async throws -> any BatchModel,
        train: @escaping @Sendable (TrainingWork, JobLease) async throws -> Void
    ) {
        self.catalog = catalog
        self.openModel = openModel
        self.train = train
    }

    /// One that loads what it needs by itself and trains in processes of their own.
    ///
    /// - Parameter pool: where versions of the catalogue are kept; a server gives its own.
    public init(home: Home, catalog: ModelCatalog, pool: ModelPool = ModelPool()) {
        let training = TrainingProcess(home: home)
        self.init(
            catalog: catalog,
            openModel: { work in
                let model: LoadedModel
                switch work.target {
                case .folder(let folder):
                    let place = ModelPlace.resolve(try home.fetched(folder))
                    model = try await LoadedModel.load(ServableFile(at: place))
                case .model(let name, _):
                    let version = try catalog.servable(name, version: work.version)
                    model = try await pool.model(.init(model: name, version: version.name)) {
                        try catalog.folder(of: version)
                    }
                    try catalog.noteUse(of: version.name, of: name)
                }
                return try ServedBatchModel(model, signature: work.signature)
            }, train: { try await training.run($0, $1) })
    }

    public func work(_ lease: JobLease, _ context: StageContext) async throws -> String? {
        switch lease.job.work {
        case .prediction(let work): try await predict(work, lease, context)
        case .training(let work):
            try lease.begin()
            try await train(work, lease)
        case .archive: preconditionFailure("the queue has no such work")
        }
        return nil
    }

    public func discard(_ job: Job) throws {
        if case .prediction(let work) = job.work { try stage(work).discardPart(home: catalog.home) }
    }

    private func stage(_ work: PredictionWork) -> BatchPrediction {
        var stage = BatchPrediction(format: work.format, inputs: work.inputs, output: work.output)
        stage.batchSize = work.batchSize
        return stage
    }

    private func predict(_ work: PredictionWork, _ lease: JobLease, _ context: StageContext) async throws {
        let start = ContinuousClock.now
        let model = try await openModel(work)
        try lease.begin()
        var context = context
        let isStopping = context.isCancelled
        context.isCancelled = { isStopping() || lease.shouldStop }
        var logged: Int?
        let report = try await stage(work).run(model, identity: try identity(of: work), context) { progress in
            var counts = Job.Progress()
            counts.completed = progress.predicted
            counts.errors = progress.problems.count
            counts.total = progress.total
            counts.seconds = lease.job.progress.seconds + (ContinuousClock.now - start) / .seconds(1)
            if logged == nil {
                try lease.log("Predicting for \(progress.total) records; \(progress.predicted) are done already.")
            }
            // Those of earlier runs are in the log already.
            let known = logged ?? progress.problems.count
            for problem in progress.problems[known...].prefix(max(0, Self.loggedProblems - known)) {
                try lease.log("\(problem.source): \(problem.reason)", .warning)
            }
            logged = progress.problems.count
            try lease.report(counts)
        }
        try lease.log("\(report.written) predictions, \(report.problems.count) records left out.")
    }

    /// Which bytes predict: a part that others wrote is not gone on with.
    private func identity(of work: PredictionWork) throws -> String {
        switch work.target {
        case .folder(let folder): return "\(folder) \(work.signature)"
        case .model(let model, _):
            let version = try catalog.version(work.version ?? "", of: model)
            let files = version.files.map { "\($0.name) \($0.sha256)" }.joined(separator: "\n")
            return "\(model) \(version.name) \(work.signature) \(ContentHash(of: files.utf8))"
        }
    }
}
