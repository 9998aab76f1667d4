import ArgumentParser
import Foundation
import LightboxCore
import Pipelines
import WireFormats

struct RequestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Write images as a request for predictions.",
        discussion: """
            One instance on a line, {"key": PATH, "image_bytes": {"b64": …}}, as `predict --json-instances` takes them; \
            with --body one document, {"instances": […]}, as the service does.

            Examples:
              lightbox request -o request.json daisy.jpg tulips/
              lightbox request --body -o body.json film.dcm
            """)

    @Argument(help: "Files, folders, quoted patterns or dicom:STORE.") var images: [String]
    @Option(name: .shortAndLong, help: "The file to write; standard output when left out.") var output: String?
    @Option(help: "The name of the input that takes the bytes.") var field = "image_bytes"
    @Flag(inversion: .prefixedNo, help: "Give each image's path as its key.") var key = true
    @Flag(help: "Write the body of a request.") var body = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            var stage = RequestStage()
            stage.field = field
            if !key { stage.key = nil }
            let result = try stage.run(images, context)
            let documents =
                body ? [.object([JSONMember("instances", .array(result.instances))])] : result.instances
            var bytes: [UInt8] = []
            for document in documents { bytes += try document.serialized() + [UInt8(ascii: "\n")] }
            if let output {
                try AtomicFile.write(bytes, to: context.home.localPath(of: output))
                global.note("wrote \(result.instances.count) instances to \(output)")
            } else {
                FileHandle.standardOutput.write(Data(bytes))
            }
            for problem in result.problems { global.note("left out: \(problem.source): \(problem.reason)") }
            if !result.problems.isEmpty { throw ExitCode(ExitStatus.partial) }
        }
    }
}
