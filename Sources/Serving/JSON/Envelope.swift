import LightboxCore
import WireFormats

/// The outermost object of a request: where its instances stand and what it says beside them.
struct Envelope {
    private enum Content {
        case rows(Range<Int>)
        case columns(Range<Int>)
        /// The object itself is an instance.
        case instance
    }

    private(set) var signature: String?
    private var extras: Extras = []
    private var content = Content.instance
    /// Whether there are members that are none of an envelope's.
    private var hasOthers = false

    private static let signatureNames: Set = ["signature_name", "signatureName"]

    init(_ parser: JSONParser) throws {
        var parser = parser
        guard parser.peekValue() == UInt8(ascii: "{") else {
            throw ServingError(
                .malformedRequest, "the request is no JSON object", remedy: "Send {\"instances\": […]}.")
        }
        try parser.forEachMember { parser, name in
            switch name {
            case "instances": try set(.rows(parser.skipValue()))
            case "inputs": try set(.columns(parser.skipValue()))
            case "extras": extras = try Self.extras(&parser)
            case _ where Self.signatureNames.contains(name): try readSignature(&parser)
            default:
                hasOthers = true
                _ = try parser.skipValue()
            }
        }
        try parser.finish()
        if case .instance = content, !hasOthers {
            throw ServingError(
                .malformedRequest, field: "instances", "there are no instances",
                remedy: "Send {\"instances\": […]}, or {\"inputs\": …}.")
        }
    }

    private mutating func set(_ new: Content) throws {
        guard case .instance = content else {
            throw ServingError(
                .malformedRequest, field: "instances", "instances are given twice",
                remedy: "Send \"instances\" or \"inputs\", once.")
        }
        content = new
    }

    private mutating func readSignature(_ parser: inout JSONParser) throws {
        switch try parser.value() {
        case .string(let name): signature = name.isEmpty ? nil : name
        case .null: break
        default:
            throw ServingError(.wrongType, field: "signature_name", "it is no string", remedy: "Name a signature.")
        }
    }

    private static func extras(_ parser: inout JSONParser) throws -> Extras {
        let value = try parser.value()
        guard let names = value.elements?.map(\.string), !names.contains(nil) else {
            throw ServingError(
                .wrongType, field: "extras", "it is no list of names", remedy: "Send [\"probabilities\"].")
        }
        return try Extras(names: names.compactMap { $0 })
    }

    // MARK: The instances

    func request(
        _ parser: JSONParser, _ signatures: [String: ServedSignature], _ name: String?, _ limits: RequestLimits
    ) throws -> PredictRequest {
        let signature = try choose(name, from: signatures, parser)
        switch content {
        case .rows(let range):
            var part = parser.parser(of: range)
            guard part.peekValue() == UInt8(ascii: "[") else {
                throw ServingError(
                    .wrongType, field: "instances", "it is no list", remedy: "Send one element for each instance.")
            }
            var reader = RowReader(signature, limits)
            try part.forEachElement { part, _ in try reader.readInstance(&part) }
            try part.finish()
            return try reader.request(extras: extras)
        case .columns(let range):
            var part = parser.parser(of: range)
            return try ColumnReader(signature, limits).request(&part, extras: extras)
        case .instance:
            var reader = RowReader(signature, limits)
            var part = parser
            try reader.readInstance(&part, passingOver: Self.signatureNames.union(["extras"]))
            return try reader.request(extras: extras)
        }
    }

    /// The named signature; else the only one; else the one whose inputs the first instance has.
    private func choose(_ name: String?, from signatures: [String: ServedSignature], _ parser: JSONParser) throws
        -> ServedSignature
    {
        if let name {
            if let signature = signatures[name] { return signature }
            throw ServingError(
                .unknownSignature, field: "signature_name", "the model has no signature of this name",
                remedy: "It has \(signatures.keys.sorted().joined(separator: ", ")).")
        }
        if signatures.count == 1 { return signatures.first!.value }
        let usual = signatures[ServedSignature.defaultName]
        if let names = try givenNames(parser) {
            if let usual, usual.takes(names) { return usual }
            let fitting = signatures.values.filter { $0.takes(names) }
            if fitting.count == 1 { return fitting[0] }
        }
        guard let usual else {
            throw ServingError(
                .unknownSignature, field: "signature_name", "the model has several signatures",
                remedy: "Name one: \(signatures.keys.sorted().joined(separator: ", ")).")
        }
        return usual
    }

    /// The inputs that the first instance names; nil where it is a bare value.
    private func givenNames(_ parser: JSONParser) throws -> Set<String>? {
        var part: JSONParser
        switch content {
        case .rows(let range):
            part = parser.parser(of: range)
            guard part.take(UInt8(ascii: "[")) else { return nil }
        case .columns(let range): part = parser.parser(of: range)
        case .instance: part = parser
        }
        guard part.peekValue() == UInt8(ascii: "{") else { return nil }
        var names: Set<String> = []
        try part.forEachMember { part, name in
            names.insert(name)
            _ = try part.skipValue()
        }
        if case .instance = content { names.subtract(Self.signatureNames.union(["extras"])) }
        return names == ["b64"] ? nil : names
    }
}

extension ServedSignature {
    /// Whether these are inputs of it, and none that is needed is missing.
    fileprivate func takes(_ names: Set<String>) -> Bool {
        names.allSatisfy { input($0) != nil } && inputs.allSatisfy { $0.isOptional || names.contains($0.name) }
    }
}
