import ArgumentParser
import Foundation
import LightboxCore
import Pipelines
import Serving
import WireFormats

/// Instances in a file, as Google's command line takes them.
struct InstanceArguments: ParsableArguments {
    @Option(help: ArgumentHelp("A JSON document on each line; - for standard input.", valueName: "file"))
    var jsonInstances: String?
    @Option(help: ArgumentHelp("A text on each line; - for standard input.", valueName: "file"))
    var textInstances: String?
    @Option(help: "Of a model of the registry; its default version when left out.") var version: String?
    @Option(help: "The signature that answers; serving_default when there are several.") var signatureName = ""

    var file: String? { jsonInstances ?? textInstances }

    func validate() throws {
        guard jsonInstances == nil || textInstances == nil else {
            throw ValidationError("Give --json-instances or --text-instances.")
        }
    }

    /// Prints a row for each instance: the outputs by name, in the order of their names.
    func answer(_ file: String, by model: String, isJSON: Bool, _ context: StageContext) throws {
        let lines = try lines(of: file, context)
        var stage = InstancePrediction(model: model)
        stage.version = version
        stage.signature = signatureName
        let answers = try waiting { [stage] in try await stage.run(lines, context) }
        let predictions = try answers.enumerated().map { index, answer in
            switch answer {
            case .prediction(let bytes): return try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
            case .failure(let reason): throw InputError(.invalidInput, "\(file) line \(index + 1): \(reason)")
            }
        }
        if isJSON {
            let body = JSONValue.object([JSONMember("predictions", .array(predictions))])
            return print(String(decoding: try body.serialized(), as: UTF8.self))
        }
        try Self.show(predictions)
    }

    private func lines(of file: String, _ context: StageContext) throws -> [Bytes] {
        let path = try file == "-" ? "/dev/stdin" : RemoteFiles.file(of: context.home.localPath(of: file))
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if let last = lines.last, last.isEmpty { lines.removeLast() }
        guard !lines.isEmpty else { throw InputError(.invalidInput, "\(file) holds no instance.") }
        if let empty = lines.firstIndex(where: { $0.isEmpty }) {
            throw InputError(
                .invalidInput, "\(file) line \(empty + 1) is empty: one instance stands on each line.")
        }
        return lines.map { Bytes($0) }
    }

    /// Objects as a table with a column for each member of the first, other values one below the other.
    private static func show(_ predictions: [JSONValue]) throws {
        guard case .object(let members)? = predictions.first else {
            for prediction in predictions { print(try text(prediction)) }
            return
        }
        let names = members.map(\.name).sorted()
        let rows = try predictions.map { prediction in
            try names.map { name in try prediction[name].map(text) ?? "" }
        }
        printTable(names.map { $0.uppercased() }, rows)
    }

    private static func text(_ value: JSONValue) throws -> String {
        if case .string(let text) = value { return Terminal.printable(text) }
        return String(decoding: try value.serialized(), as: UTF8.self)
    }
}
