import ArgumentParser
import Foundation
import HomeConfiguration
import Inference
import LightboxCore
import ObjectStorage
import Pipelines

struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Do tasks of a distributed run: what a cluster calls.",
        discussion: """
            Reads tasks as JSON lines until its input ends and answers each with one JSON line. The code is 0 when \
            every task has a result. Nobody types this: `lightbox embed --runner spark` and its like write the tasks.
            """,
        shouldDisplay: false)

    @Argument(help: ArgumentHelp("embed, records, export or predict-set.", valueName: "stage")) var stage: String
    @Option(name: .customLong("run"), help: "End when the run's folder names another run.") var runName: String?
    @Flag(help: "Only say that program and libraries are all there.") var check = false

    func run() throws {
        let worker = try Worker(stage: stage, run: runName) {
            let environment = ProcessInfo.processInfo.environment
            let path = Home.defaultPath(environment: environment)
            let home = try HomeConfigurationReader(environment: environment).home(at: path)
            try MountedObjects.mount(home, environment: environment)
            return home
        }
        if check {
            print("lightbox \(Lightbox.version), OpenVINO \(try OpenVINOLibrary.version())")
            return
        }
        // Answers have the output to themselves: what a library prints goes where errors go.
        let answers = dup(STDOUT_FILENO)
        dup2(STDERR_FILENO, STDOUT_FILENO)
        let failed = try worker.serve(input: STDIN_FILENO, output: answers) { Terminal.writeError($0 + "\n") }
        if failed > 0 { throw ExitCode(ExitStatus.environment) }
    }
}
