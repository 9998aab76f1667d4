import Foundation
import LightboxCore
import WireFormats

/// Workers on an Apache Spark cluster: the manifest goes through SQL's `TRANSFORM`, a line in and a line out.
///
/// Spark deals tasks out, repeats those of machines that die, and collects the answers. The program travels as an
/// archive, so the cluster needs Spark and nothing of Lightbox; `spark-sql` on this machine needs no Python.
public struct SparkEngine: TaskEngine {
    /// `spark://host:7077`, `yarn`, `k8s://…`, `local[4]`.
    public var master: String
    /// Spark's folder; nil: `SPARK_HOME`, else where `spark-sql` is on the `PATH`.
    public var sparkHome: String?
    /// `key=value`, after those of this engine.
    public var configuration: [String] = []
    /// Where the archive is kept.
    public var cacheFolder: String
    /// The program to ship; this one unless told.
    public var executable = "/proc/self/exe"

    public init(master: String, cacheFolder: String) { (self.master, self.cacheFolder) = (master, cacheFolder) }

    public func check() throws {
        try SparkMaster(master).check()
        _ = try program()
    }

    public func run(_ job: EngineJob) throws {
        let script = try SparkScript(job)
        let bundle = try WorkerBundle(executable: executable, cacheFolder: cacheFolder).archive {
            try job.tick("packing")
        }
        let path = job.folder + "/job.sql"
        try AtomicFile.write(Array(script.text.utf8), to: path)
        let log = job.folder + "/spark.log"
        unlink(log)
        let program = try program()
        let child = try ChildProcess(
            program, arguments(script: path, bundle: bundle, job), output: log, errors: log, folder: job.folder,
            environment: environment(of: program))
        defer { child.end() }
        var turns = 0
        var detail: String?
        while child.isRunning {
            try job.tick(detail)
            usleep(50_000)
            turns += 1
            if turns.isMultiple(of: 100) {
                detail = SparkFailure(log: log, logs: job.logs, master: master).waiting
            }
        }
        guard child.status == 0 else {
            try job.tick(nil)
            throw SparkFailure(log: log, logs: job.logs, master: master).error
        }
        try script.checkAnswers(count: job.tasks)
        try job.tick(nil)
    }

    /// Spark's own folder; in a virtual environment with pyspark the scripts ask the Python beside them for it.
    private func environment(of program: String) -> [String: String] {
        let folder = (program as NSString).deletingLastPathComponent
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        guard let sparkHome, FileManager.default.fileExists(atPath: sparkHome + "/jars") else {
            return ["PATH": folder + ":" + path]
        }
        return ["SPARK_HOME": sparkHome]
    }

    private func arguments(script: String, bundle: String, _ job: EngineJob) -> [String] {
        let settings = [
            "spark.app.name=lightbox \(job.stage)",
            "spark.task.cpus=\(job.threads)",
            "spark.sql.catalogImplementation=in-memory",
            "spark.sql.warehouse.dir=file://\(job.folder)/warehouse",
            // `$` stays what it is in the worker's command.
            "spark.sql.variable.substitute=false",
            // A worker that still closes its network after its last answer is no failure, one that fails then is.
            "spark.sql.scriptTransformation.exitTimeoutInSeconds=600",
        ]
        return ["--master", master, "--archives", bundle + "#" + SparkScript.bundleName]
            + (settings + configuration).flatMap { ["--conf", $0] } + ["-f", script]
    }

    private func program() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        var folders: [String] = []
        if let home = sparkHome ?? environment["SPARK_HOME"], !home.isEmpty { folders.append(home + "/bin") }
        if sparkHome == nil {
            folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        }
        let candidates = folders.map { $0 + "/spark-sql" }
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw EngineError(
                "there is no spark-sql in \(sparkHome.map { $0 + "/bin" } ?? "SPARK_HOME or on the PATH"). Install "
                    + "Spark (`pip install pyspark` will do) or name its folder with --spark-home.",
                kind: .notFound)
        }
        return found.hasPrefix("/") ? found : FileManager.default.currentDirectoryPath + "/" + found
    }
}

/// The SQL of one job.
struct SparkScript {
    /// What the archive is called where a worker begins.
    static let bundleName = "lightbox"

    let text: String
    private let answers: String

    /// - Throws: ``EngineError`` for a folder with letters that Hadoop takes for a pattern or SQL for quotes.
    init(_ job: EngineJob) throws {
        let isPlain = job.folder.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "/._-+=@".utf8.contains(byte)
            }
        }
        guard isPlain else {
            throw EngineError(
                "Spark needs a folder whose path has letters, digits and ._-+=@ only, not \(job.folder). Name another "
                    + "that all workers see with --shared-folder; input and output may be called anything.",
                kind: .invalidInput)
        }
        answers = "\(job.folder)/answers-\(job.run)"
        // What a worker says goes to a file: Spark keeps an executor's standard error on the executor.
        let command =
            #"exec env LD_LIBRARY_PATH="$PWD/\#(Self.bundleName)" "$PWD/\#(Self.bundleName)/lightbox" "#
            + #"worker \#(job.stage) --run \#(job.run) 2>>"\#(job.logs)/$(hostname)""#
        // A hint with a number keeps every task a partition of its own: a small file would be read as one.
        text = """
            INSERT OVERWRITE DIRECTORY 'file://\(answers)' USING text
            SELECT TRANSFORM(value) USING '\(command)' AS (answer STRING)
            FROM (SELECT /*+ REPARTITION(\(job.tasks)) */ value FROM text.`file://\(job.manifest)`);

            """
    }

    /// Spark's own success is not enough: a worker that ends early without an error loses its rows silently.
    func checkAnswers(count: Int) throws {
        guard FileManager.default.fileExists(atPath: answers + "/_SUCCESS") else {
            throw EngineError("Spark ended without an error and without an output. Run the command again.")
        }
        var numbers: Set<Int> = []
        var lines = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: answers) where name.hasPrefix("part-") {
            let reader = try LineReader(
                ByteStream(path: "\(answers)/\(name)"), maximumLength: Worker.maximumLength)
            while let line = try reader.next({ Array($0) }) {
                lines += 1
                let answer = try? JSONDecoder().decode(TaskAnswer.self, from: Data(line))
                if let answer, answer.error == nil, let number = answer.number { numbers.insert(number) }
            }
        }
        guard lines == count, numbers.count == count else {
            throw EngineError(
                "Spark answered \(lines) of \(count) tasks, \(numbers.count) of them well. Run the command again: it "
                    + "goes on with those that are missing.")
        }
    }
}
