public import LightboxCore

/// The pieces of an answer, made one at a time when the reader asks: a slow reader holds the maker back.
///
/// It can be read once.
public struct ChunkStream: AsyncSequence, Sendable {
    public typealias Element = Bytes
    public typealias Failure = any Error

    /// Bytes in all, nil when that is not known before.
    public let length: Int?
    private let source: Source
    private let workers: Workers

    /// - Parameter next: gives the next piece, nil at the end; it may block, and is called by one thread at a time.
    init(length: Int? = nil, on workers: Workers, next: @escaping () throws -> Bytes?) {
        self.length = length
        self.workers = workers
        source = Source(next)
    }

    private final class Source: @unchecked Sendable {
        // Unchecked: the one iterator asks for the next piece only when it has the one before.
        let next: () throws -> Bytes?
        init(_ next: @escaping () throws -> Bytes?) { self.next = next }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let stream: ChunkStream
        private var rest = Bytes.empty

        fileprivate init(_ stream: ChunkStream) { self.stream = stream }

        /// At most 256 KB.
        public mutating func next() async throws -> Bytes? {
            while rest.isEmpty {
                let source = stream.source
                guard let piece = try await stream.workers.run({ try source.next() }) else { return nil }
                rest = piece
            }
            let size = Swift.min(rest.count, 1 << 18)
            defer { rest = rest[size..<rest.count] }
            return rest[0..<size]
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
