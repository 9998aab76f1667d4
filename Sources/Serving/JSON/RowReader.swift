import LightboxCore
import WireFormats

/// Reads instances one after another into one column for each input.
struct RowReader {
    private let signature: ServedSignature
    private let limits: RequestLimits
    private var columns: [Column]
    private var count = 0

    init(_ signature: ServedSignature, _ limits: RequestLimits) {
        self.signature = signature
        self.limits = limits
        columns = signature.inputs.map { Column($0, limits) }
    }

    /// Reads one instance: an object of the inputs, or the bare value of the only one.
    ///
    /// - Parameter names: members that are no inputs.
    mutating func readInstance(_ parser: inout JSONParser, passingOver names: Set<String> = []) throws {
        guard count < limits.maximumInstances else {
            throw ServingError(
                .tooLarge, field: "instances", "there are over \(limits.maximumInstances) instances",
                remedy: "Send fewer at once.")
        }
        do {
            if try isBare(parser) {
                try readBare(&parser)
            } else {
                try parser.forEachMember { parser, name in
                    if names.contains(name) {
                        _ = try parser.value()
                    } else {
                        try columns[index(of: name)].addItem(&parser, index: count)
                    }
                }
            }
            count += 1
            try requireAll()
        } catch let error as ServingError {
            throw error.at(instance: min(count, error.code == .missingInput ? count - 1 : count))
        } catch let error as RecordError {
            throw ServingError(error).at(instance: count)
        }
    }

    /// Anything but an object, and the object that stands for bytes.
    private func isBare(_ parser: JSONParser) throws -> Bool {
        var parser = parser
        guard parser.take(UInt8(ascii: "{")) else { return true }
        guard parser.peekValue() == UInt8(ascii: "\"") else { return false }
        return try parser.string() == "b64" && signature.input("b64") == nil
    }

    private mutating func readBare(_ parser: inout JSONParser) throws {
        guard let input = signature.soleInput else {
            throw ServingError(
                .wrongType, "a bare value stands for the only input, and there are \(signature.inputs.count)",
                remedy: "Send an object with \(signature.inputs.map(\.name).joined(separator: ", ")).")
        }
        try columns[index(of: input.name)].addItem(&parser, index: count)
    }

    private func index(of name: String) throws -> Int {
        if let index = columns.firstIndex(where: { $0.port.name == name }) { return index }
        throw signature.unexpected(name)
    }

    private func requireAll() throws {
        for column in columns where column.count < count {
            if column.port.isOptional && column.count == 0 { continue }
            throw signature.missing(column.port)
        }
        for column in columns where column.port.isOptional && column.count == 1 && count > 1 {
            throw signature.missing(column.port)
        }
    }

    func request(extras: Extras) throws -> PredictRequest {
        guard count > 0 else {
            throw ServingError(
                .malformedRequest, field: "instances", "there are no instances", remedy: "Send one at least.")
        }
        var inputs: [String: ServedTensor] = [:]
        for column in columns where column.count > 0 {
            inputs[column.port.name] = column.tensor(rows: count)
        }
        return PredictRequest(signature: signature.name, count: count, inputs: inputs, extras: extras)
    }
}

/// Reads one array for each input, the instances along its first index.
struct ColumnReader {
    private let signature: ServedSignature
    private let limits: RequestLimits

    init(_ signature: ServedSignature, _ limits: RequestLimits) {
        self.signature = signature
        self.limits = limits
    }

    func request(_ parser: inout JSONParser, extras: Extras) throws -> PredictRequest {
        var inputs: [String: ServedTensor] = [:]
        if try isNamed(parser) {
            try parser.forEachMember { parser, name in
                guard let port = signature.input(name) else { throw signature.unexpected(name) }
                guard inputs[name] == nil else {
                    throw ServingError(.unexpectedInput, field: name, "it is given twice", remedy: "Send it once.")
                }
                inputs[name] = try read(port, &parser)
            }
        } else {
            guard let port = signature.soleInput else {
                throw ServingError(
                    .wrongType, field: "inputs", "there are \(signature.inputs.count) inputs",
                    remedy: "Send an object with \(signature.inputs.map(\.name).joined(separator: ", ")).")
            }
            inputs[port.name] = try read(port, &parser)
        }
        try parser.finish()
        for port in signature.inputs where !port.isOptional && inputs[port.name] == nil {
            throw signature.missing(port)
        }
        return PredictRequest(
            form: .columns, signature: signature.name, count: try rows(inputs), inputs: inputs, extras: extras)
    }

    private func isNamed(_ parser: JSONParser) throws -> Bool {
        var parser = parser
        guard parser.take(UInt8(ascii: "{")) else { return false }
        guard parser.peekValue() == UInt8(ascii: "\"") else { return true }
        return try parser.string() != "b64" || signature.input("b64") != nil
    }

    private func read(_ port: ServedPort, _ parser: inout JSONParser) throws -> ServedTensor {
        do {
            var column = Column(port, limits)
            return try column.readWhole(&parser)
        } catch let error as RecordError {
            throw ServingError(error).at(field: port.name)
        }
    }

    private func rows(_ inputs: [String: ServedTensor]) throws -> Int {
        let counts = signature.inputs.compactMap { port in inputs[port.name].map { ($0.rows ?? 1, port.name) } }
        guard let (count, first) = counts.first else { return 1 }
        if let other = counts.first(where: { $0.0 != count }) {
            throw ServingError(
                .wrongShape, field: other.1, "it has \(other.0) instances, \(first) has \(count)",
                remedy: "Send as many of each.")
        }
        guard (1...limits.maximumInstances).contains(count) else {
            throw ServingError(
                .tooLarge, field: "inputs", "there are \(count) instances",
                remedy: "Send 1 to \(limits.maximumInstances).")
        }
        return count
    }
}

extension ServedSignature {
    func unexpected(_ name: String) -> ServingError {
        ServingError(
            .unexpectedInput, field: String(name.prefix(100)), "Unexpected tensor name",
            remedy: "Signature \(self.name) takes \(inputs.map(\.name).joined(separator: ", ")).")
    }

    func missing(_ port: ServedPort) -> ServingError {
        ServingError(
            .missingInput, field: port.name, "this input is missing",
            remedy: port.isOptional ? "Give it with every instance or with none." : "Give it with every instance.")
    }
}
