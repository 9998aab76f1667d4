import Foundation
import LightboxCore
import Serving
import WireFormats

/// A request of `:classify` and `:regress`: `{"signature_name": …, "context": {…}, "examples": [{…}]}`.
struct ExampleRequest {
    private var signature: String?
    /// Features of each example, with those of the context.
    private var examples: [[JSONMember]] = []

    init(_ body: Bytes) throws {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: body)
        } catch let error as RecordError {
            throw ServerError(
                .invalidArgument, "The body is no JSON, at byte \(error.offset ?? 0). \(error.remedy)")
        }
        guard let members = document.members, let given = document["examples"]?.elements, !given.isEmpty else {
            throw ServerError(.invalidArgument, "Send {\"examples\": [{…}, …]}, one at least.")
        }
        let known: Set = ["signature_name", "context", "examples"]
        if let other = members.first(where: { !known.contains($0.name) })?.name {
            throw ServerError(
                .invalidArgument, "Unknown member '\(other.prefix(64))'. Send signature_name, context, examples.")
        }
        if let name = document["signature_name"] {
            guard let text = name.string else {
                throw ServerError(.invalidArgument, "signature_name is no string. Name a signature.")
            }
            signature = text.isEmpty ? nil : text
        }
        let shared = try document["context"].map { try Self.features($0, "context") } ?? []
        for (index, example) in given.enumerated() {
            let own = try Self.features(example, "example \(index)")
            let names = Set(own.map(\.name))
            examples.append(shared.filter { !names.contains($0.name) } + own)
        }
    }

    private static func features(_ value: JSONValue, _ place: String) throws -> [JSONMember] {
        guard let members = value.members else {
            throw ServerError(.invalidArgument, "\(place) is no object of features. Send one.")
        }
        return members
    }

    /// As rows for a signature that names its inputs, or as serialized Examples for one that takes these.
    func request(
        _ signatures: [String: ServedSignature], _ limits: RequestLimits
    ) throws -> PredictRequest {
        let chosen = try choose(signatures)
        let names = Set(examples.flatMap { $0.map(\.name) })
        let isNamed = names.allSatisfy { chosen.input($0) != nil }
        if !isNamed, chosen.takesRawRecords, let input = chosen.soleInput {
            let records = try examples.enumerated().map { index, features in
                Bytes(try Self.example(features, index).serialized())
            }
            let value = ServedTensor(shape: [records.count], elements: .strings(records))
            return PredictRequest(signature: chosen.name, count: records.count, inputs: [input.name: value])
        }
        let rows = JSONValue.array(examples.map { .object($0) })
        let body = try JSONValue.object([JSONMember("instances", rows)]).serialized()
        return try Instances.request(Bytes(body), signatures: signatures, signature: chosen.name, limits: limits)
    }

    private func choose(_ signatures: [String: ServedSignature]) throws -> ServedSignature {
        let found =
            signature.map { signatures[$0] }
            ?? (signatures.count == 1 ? signatures.first?.value : signatures[ServedSignature.defaultName])
        guard let found else {
            throw ServingError(
                .unknownSignature, field: "signature_name", "the model has no signature of this name",
                remedy: "It has \(signatures.keys.sorted().joined(separator: ", ")).")
        }
        return found
    }

    /// Whole numbers, fractions and bytes as a tf.Example has them.
    private static func example(_ features: [JSONMember], _ index: Int) throws -> Example {
        var example = Example()
        for feature in features {
            let values = feature.value.base64 == nil ? feature.value.elements ?? [feature.value] : [feature.value]
            if case .numbers(let numbers) = feature.value, numbers.allSatisfy({ Int64(exactly: $0) != nil }) {
                example.features[feature.name] = .ints(numbers.map { Int64($0) })
            } else if let whole = all(values, \.integer) {
                example.features[feature.name] = .ints(whole)
            } else if let numbers = all(values, \.double) {
                example.features[feature.name] = .floats(numbers.map { Float($0) })
            } else if let bytes = all(values, { $0.base64 ?? $0.string.map { Bytes($0.utf8) } }) {
                example.features[feature.name] = .bytes(bytes)
            } else {
                throw ServingError(
                    .wrongType, instance: index, field: String(feature.name.prefix(100)), "it is no feature",
                    remedy: "Send numbers, strings or {\"b64\": …}, or a list of one kind.")
            }
        }
        return example
    }

    private static func all<Value>(_ values: [JSONValue], _ read: (JSONValue) -> Value?) -> [Value]? {
        let found = values.compactMap(read)
        return found.count == values.count ? found : nil
    }
}

/// What a model said, in the form of `:classify` and `:regress`.
struct ExampleAnswer {
    let outputs: [String: ServedTensor]
    /// Examples.
    let count: Int
    /// Names of the classes, where the model's folder has them.
    let labels: [String]

    /// For each example a list of `[label, score]`.
    static func classes(_ answer: ExampleAnswer) throws -> JSONValue {
        guard let scores = answer.outputs["scores"] ?? answer.soleNumbers, let values = scores.numbers else {
            throw ServerError(.notOffered, "The signature has no output 'scores'. Use :predict.")
        }
        let width = values.count / max(1, answer.count)
        let texts = answer.outputs["classes"].flatMap(\.texts)
        return .array(
            (0..<answer.count).map { row in
                .array(
                    (0..<width).map { column in
                        let index = row * width + column
                        let label =
                            texts.map { $0.count == values.count ? $0[index] : $0[column % max(1, $0.count)] }
                            ?? (answer.labels.count == width ? answer.labels[column] : "\(column)")
                        return .array([.string(label), number(values[index])])
                    })
            })
    }

    /// One number for each example.
    static func numbers(_ answer: ExampleAnswer) throws -> JSONValue {
        guard let output = answer.outputs["outputs"] ?? answer.soleNumbers, let values = output.numbers,
            values.count == answer.count
        else { throw ServerError(.notOffered, "The signature has no single number for an example. Use :predict.") }
        return .array(values.map(number))
    }

    private var soleNumbers: ServedTensor? {
        let found = outputs.values.filter { $0.numbers != nil }
        return found.count == 1 ? found[0] : nil
    }

    /// JSON has no infinity.
    private static func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}

extension ServedTensor {
    /// The values as Doubles; nil for texts.
    fileprivate var numbers: [Double]? {
        switch elements {
        // By way of the text, so that 0.1 stays 0.1.
        case .float32(let values): values.map { Double("\($0)") ?? Double($0) }
        case .float64(let values): values
        case .int32(let values): values.map { Double($0) }
        case .int64(let values): values.map { Double($0) }
        case .uint8(let values): values.map { Double($0) }
        case .bool, .strings: nil
        }
    }

    fileprivate var texts: [String]? {
        guard case .strings(let values) = elements else { return nil }
        return values.map { $0.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
    }
}
