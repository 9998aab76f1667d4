import ArgumentParser
import Foundation
import HomeConfiguration
import LightboxCore
import ObjectStorage
import Pipelines

/// Options of every command, and how a command runs its stage and speaks about it.
///
/// Results go to standard output, everything else to standard error.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .customLong("home"),
        help: ArgumentHelp(
            "The folder that holds stores, tables and models. (default: LIGHTBOX_HOME, else ~/.lightbox)",
            valueName: "dir"),
        completion: .directory)
    var homePath: String?
    @Flag(help: "Print JSON, for scripts.") var json = false
    @Flag(help: "No progress and no notes.") var quiet = false

    /// With its settings, which are read anew each time.
    var home: Home {
        get throws {
            let environment = ProcessInfo.processInfo.environment
            let path = homePath ?? Home.defaultPath(environment: environment)
            let home = try HomeConfigurationReader(environment: environment).home(at: path)
            try MountedObjects.mount(home, environment: environment)
            return home
        }
    }

    /// Runs a stage with progress, prints its report and writes what it left out to `errors.jsonl`.
    ///
    /// - Parameter body: gives the report and the folder for `errors.jsonl`.
    /// - Throws: what `body` throws, or an exit code when items were left out or Ctrl-C was pressed.
    func report(_ body: (StageContext) throws -> (StageReport, errorsIn: String)) throws {
        try home.create()
        let start = ContinuousClock.now
        let (made, folder): (StageReport, String)
        do {
            (made, folder) = try withContext(body)
        } catch let work as WorkGoesOn {
            return json ? try printJSON(work) : print(Terminal.printable(work.description))
        }
        var report = made
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let errorsFile = try ErrorsFile.save(report, in: folder)
        report.outputs = try report.outputs.map(home.shown)
        let printer = ReportPrinter(report, errorsFile: errorsFile.map(RemoteFiles.shown), elapsed: elapsed)
        print(json ? String(decoding: try printer.json(), as: UTF8.self) : printer.text)
        let status = Interruption.isRequested ? ExitStatus.interrupted : ExitStatus.of(report)
        if status != ExitStatus.success { throw ExitCode(status) }
    }

    /// Runs work that prints its own result.
    func run(_ body: (StageContext) throws -> Void) throws {
        let home = try home
        try? home.create()  // a command that only reads a file does without
        try withContext(body)
    }

    /// A remark beside the result.
    func note(_ text: String) {
        if !quiet { Terminal.writeError(Terminal.printable(text) + "\n") }
    }

    private func withContext<Result>(_ body: (StageContext) throws -> Result) throws -> Result {
        let home = try home
        Interruption.install()
        let bar = ProgressBar(Terminal.progressSurface(environment: ProcessInfo.processInfo.environment))
        defer { bar.finish() }
        let isQuiet = quiet
        return try body(
            StageContext(
                home: home, progress: { if !isQuiet { bar.update($0) } }, isCancelled: { Interruption.isRequested }
            ))
    }
}
