import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

/// Where a command's work is done: in this process, in several, or on a cluster.
struct RunnerOptions: ParsableArguments {
    enum Runner: String, ExpressibleByArgument, CaseIterable {
        case local, processes, spark, slurm
    }

    @Option(help: "local; processes for several of this machine; spark or slurm for a cluster (docs/scale.md).")
    var runner: Runner = .local
    @Option(help: "How many at once: processes (one per core when left out), or jobs on Slurm.") var workers: Int?
    @Option(help: "Threads of each worker; on a cluster also the cores that it takes.") var workerThreads = 1
    @Option(help: "Images in a task, which is what is done again when a worker dies.") var imagesPerTask = 256
    @Option(
        help: ArgumentHelp(
            "A folder that all workers see, for plan and parts; that of the output when left out.",
            valueName: "dir"))
    var sharedFolder: String?
    @Option(help: "The cluster: spark://HOST:7077, yarn, k8s://…") var sparkMaster: String?
    @Option(
        help: ArgumentHelp("Spark's folder; SPARK_HOME, else the PATH when left out.", valueName: "dir"),
        completion: .directory)
    var sparkHome: String?
    @Option(help: ArgumentHelp("A setting for Spark; may be repeated.", valueName: "key=value"))
    var sparkConf: [String] = []
    @OptionGroup var slurm: SlurmOptions

    func validate() throws {
        guard runner != .spark || sparkMaster != nil else {
            throw ValidationError("--runner spark needs --spark-master.")
        }
        guard runner == .spark || (sparkMaster == nil && sparkHome == nil && sparkConf.isEmpty) else {
            throw ValidationError("--spark-master, --spark-home and --spark-conf go with --runner spark.")
        }
        guard runner == .slurm || !slurm.isUsed else {
            throw ValidationError("--detach and --slurm-… go with --runner slurm.")
        }
        guard workers == nil || runner == .processes || runner == .slurm else {
            throw ValidationError("--workers goes with --runner processes or slurm.")
        }
        guard workers.map({ (1...1024).contains($0) }) ?? true else {
            throw ValidationError("--workers is 1 to 1024.")
        }
        guard (1...1024).contains(workerThreads) else { throw ValidationError("--worker-threads is 1 to 1024.") }
        guard (1...1_000_000).contains(imagesPerTask) else {
            throw ValidationError("--images-per-task is 1 to 1000000.")
        }
        guard sparkConf.allSatisfy({ $0.contains("=") }) else {
            throw ValidationError("--spark-conf is KEY=VALUE.")
        }
    }

    /// - Throws: ``EngineError`` when the cluster is not there; a `ValidationError` for what only one process does.
    func distribution(in home: Home, stopsAtFirstError: Bool) throws -> Distribution? {
        guard runner != .local else { return nil }
        guard !stopsAtFirstError else {
            throw ValidationError(
                "--stop-at-first-error goes with --runner local: workers do not know of one another.")
        }
        var distribution = Distribution(engine: engine(home))
        distribution.sharedFolder = try sharedFolder.map(home.localPath(of:))
        distribution.imagesPerTask = imagesPerTask
        distribution.threads = workerThreads
        try distribution.engine.check()
        return distribution
    }

    private func engine(_ home: Home) -> any TaskEngine {
        switch runner {
        case .local, .processes:
            var engine = ProcessEngine(workers: workers ?? ProcessInfo.processInfo.activeProcessorCount)
            engine.home = home.path
            return engine
        case .spark:
            var engine = SparkEngine(master: sparkMaster ?? "", cacheFolder: home.cache)
            engine.sparkHome = sparkHome
            engine.configuration = sparkConf
            return engine
        case .slurm:
            var engine = slurm.engine(home: home.path)
            (engine.workers, engine.threads) = (workers, workerThreads)
            engine.arguments = Array(CommandLine.arguments.dropFirst())
            return engine
        }
    }
}
