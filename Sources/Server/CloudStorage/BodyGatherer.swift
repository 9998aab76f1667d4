import Hummingbird
import NIOCore

/// A body in pieces of about a megabyte, so that few changes of thread are needed; the sender waits while one is dealt
/// with.
struct BodyGatherer {
    private var pieces: RequestBody.AsyncIterator
    private(set) var count = 0
    private var isAtEnd = false

    private static let size = 1 << 20

    init(_ body: RequestBody) { pieces = body.makeAsyncIterator() }

    /// nil at the end.
    ///
    /// - Throws: when the connection ends before the body.
    mutating func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        var gathered = ByteBuffer()
        while gathered.readableBytes < Self.size {
            guard let piece = try await pieces.next() else {
                isAtEnd = true
                break
            }
            if gathered.readableBytes == 0 { gathered = piece } else { gathered.writeImmutableBuffer(piece) }
        }
        count += gathered.readableBytes
        return gathered.readableBytes == 0 ? nil : gathered
    }

    /// All of a small body.
    mutating func all(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            bytes += piece.readableBytesView
            guard bytes.count <= limit else {
                throw ServerError(.bodyTooLarge, "What is said of an object has at most \(limit) bytes.")
            }
        }
        return bytes
    }

    /// Reads on, so that a sender who is refused hears why; not for ever.
    mutating func pass(_ limit: Int = 32 << 20) async {
        let end = count + limit
        while count < end, (try? await next()) ?? nil != nil {}
    }
}
