public import LightboxCore

/// Writes one JSON document a line; the file appears whole with ``finish()``.
public final class JSONLinesWriter {
    /// Lines appended so far.
    public private(set) var count = 0
    private let file: PendingFile
    private var line: [UInt8] = []

    public init(path: String) throws { file = try PendingFile(path: path) }

    public func append(_ vector: FeatureVector) throws { try append { try JSONWriter.append(vector, to: &$0) } }

    public func append(_ value: JSONValue) throws {
        try append { line in
            try JSONWriter.append(value, to: &line)
            line.append(10)
        }
    }

    public func finish() throws { try file.commit() }

    private func append(_ write: (inout [UInt8]) throws -> Void) throws {
        line.removeAll(keepingCapacity: true)
        try write(&line)
        try line.withUnsafeBytes { try file.write($0) }
        count += 1
    }
}
