/// How far the bytes of an object have come.
struct ReadingProgress {
    var position: Int
    var etag: String?
    /// Behind the last byte wanted, as soon as that is known.
    var end: Int?
    var head: HTTPHead?
    private let size: Int?
    /// Bytes to leave out of an answer that begins before ``position``.
    private var surplus = 0
    /// Whether the head of the answer that comes in was looked at.
    var hasBegun = false

    init(_ reading: HTTPClient.Reading) {
        position = reading.range.start
        (etag, size) = (reading.etag, reading.size)
        end = reading.range.end.map { min($0, reading.size ?? $0) } ?? reading.size
    }

    var isComplete: Bool { end.map { position == $0 } ?? true }

    /// Compares an answer's head with what is known, once per answer.
    mutating func begin(_ head: HTTPHead, at address: String, from start: Int) throws {
        guard !hasBegun else { return }
        hasBegun = true
        surplus = 0
        if let known = etag, let now = head.headers["etag"], known != now {
            throw ObjectError(.changed, at: address, "another object came to stand there while it was read.")
        }
        etag = etag ?? head.headers["etag"]
        var total = size
        if head.status == 206 {
            guard let range = head.range, range.bytes.lowerBound == start else {
                throw ObjectError(
                    .malformedAnswer, at: address, "the server sends other bytes than were asked for.")
            }
            total = range.total ?? size
        } else {
            // A server that knows no ranges sends everything.
            surplus = start
            if head.headers["content-encoding"] == nil { total = head.length ?? size }
        }
        if let size, let total, size != total {
            throw ObjectError(.changed, at: address, "it has \(total) bytes; \(size) were listed.")
        }
        if let total { end = min(end ?? total, total) }
        if self.head == nil { self.head = head }
    }

    mutating func take(
        _ piece: UnsafeRawBufferPointer, at address: String, _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let skipped = min(surplus, piece.count)
        surplus -= skipped
        var rest = UnsafeRawBufferPointer(rebasing: piece[skipped...])
        if let end, rest.count > end - position {
            guard head?.status == 200 else {
                throw ObjectError(.malformedAnswer, at: address, "the server sends more than was asked for.")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[..<max(0, end - position)])
        }
        guard !rest.isEmpty else { return }
        try receive(rest)
        position += rest.count
    }
}
