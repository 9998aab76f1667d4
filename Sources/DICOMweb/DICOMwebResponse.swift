public import LightboxCore

/// The answer to a ``DICOMwebRequest``.
public struct DICOMwebResponse: Sendable {
    public enum Body: Sendable {
        case none
        case bytes(Bytes)
        /// A part of a file, which whoever sends it may leave to the system.
        case file(path: String, range: Range<Int>)
        /// Pieces that are made when they are asked for.
        case stream(ChunkStream)
    }

    public var status: Int
    /// Without `Content-Length`, which ``contentLength`` gives.
    public var headers: [(name: String, value: String)]
    public var body: Body
    /// Why the installation could not do what it should have: for its log, never for the caller.
    public var trouble: String?

    public init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of a header; names have no case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Bytes of the body, nil when they are not known before they are made.
    public var contentLength: Int? {
        switch body {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .file(_, let range): range.count
        case .stream(let stream): stream.length
        }
    }

    /// The whole body in memory.
    ///
    /// - Throws: what making it throws.
    public func wholeBody() async throws -> Bytes {
        switch body {
        case .none: return .empty
        case .bytes(let bytes): return bytes
        case .file(let path, let range): return Bytes(try MappedFile(path: path))[range]
        case .stream(let stream):
            var whole: [UInt8] = []
            for try await chunk in stream { chunk.withUnsafeBytes { whole.append(contentsOf: $0) } }
            return Bytes(whole)
        }
    }
}
