public import LightboxCore

/// One line of a file of JSON lines.
public struct JSONLine: Sendable {
    /// From 1, blank lines counted.
    public let number: Int
    /// Of the line's first byte, from the start of the (uncompressed) file.
    public let offset: Int
    public let value: JSONValue
}

/// Reads files with one JSON document a line, plain or gzip, line by line; blank lines are passed over.
public final class JSONLinesReader {
    /// What was left out; only filled under ``CorruptionPolicy/skip``.
    public private(set) var problems: [RecordError] = []
    private let lines: LineReader
    private let policy: CorruptionPolicy
    private let limits: JSONLimits

    /// - Parameter limits: of one line.
    public init(
        _ stream: ByteStream, onCorruption policy: CorruptionPolicy = .fail, limits: JSONLimits = JSONLimits()
    ) {
        lines = LineReader(stream, maximumLength: limits.maximumBytes)
        self.policy = policy
        self.limits = limits
    }

    public convenience init(path: String, onCorruption policy: CorruptionPolicy = .fail) throws {
        self.init(try ByteStream(path: path), onCorruption: policy)
    }

    /// The next line that can be used; nil at the end.
    ///
    /// - Throws: ``RecordError`` with the file and the offset of the wrong byte; a further call goes on
    ///   with the next line, but not behind a damaged gzip stream or a line over the limit.
    public func next() throws -> JSONLine? {
        while true {
            var failure: RecordError?
            let line = try lines.next { line -> JSONValue? in
                do {
                    return try isBlank(line) ? nil : JSONValue(parsing: line, limits: limits)
                } catch let error as RecordError {
                    failure = error.located(in: lines.name, from: lines.lineOffset)
                    return nil
                }
            }
            guard let line else { return nil }
            if let value = line {
                return JSONLine(number: lines.lineNumber, offset: lines.lineOffset, value: value)
            }
            if let failure, policy == .fail { throw failure }
            if let failure { problems.append(failure) }
        }
    }

    private func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }
    }
}

extension FeatureVector {
    /// Reads a line `{"study": "…", …, "feature_vector": […]}`: the texts and integers in it are the key.
    ///
    /// - Throws: ``RecordError`` when the line has no list of numbers under that name.
    public init(_ line: JSONLine) throws {
        guard let values = line.value["feature_vector"]?.floats, let members = line.value.members else {
            throw RecordError(
                .unsupported, offset: line.offset,
                remedy: "Line \(line.number) has no numbers under \"feature_vector\": give embed's output.")
        }
        let fields = members.compactMap { member in
            (member.value.string ?? member.value.integer?.description).map { InstanceKey.Field(member.name, $0) }
        }
        self.init(key: InstanceKey(fields: fields), values: values)
    }
}
