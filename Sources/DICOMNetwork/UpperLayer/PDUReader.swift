package import NIOCore

/// Cuts a stream of bytes into PDUs, however it arrives.
///
/// It holds at most one PDU and what came with it; a PDU that claims more than its limit is refused by its head.
package struct PDUReader: Sendable {
    private var buffer = ByteBuffer()
    private let limits: PDULimits
    /// Bytes of the PDU that ``next()`` gave last, with its head.
    package private(set) var length = 0

    package init(limits: PDULimits = PDULimits()) { self.limits = limits }

    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    package mutating func append(_ bytes: [UInt8]) { append(ByteBuffer(bytes: bytes)) }

    /// The next whole PDU, nil until more bytes have come.
    package mutating func next() throws(PDUError) -> PDU? {
        guard let type: UInt8 = buffer.getInteger(at: buffer.readerIndex),
            let length: UInt32 = buffer.getInteger(at: buffer.readerIndex + 2)
        else {
            if let type: UInt8 = buffer.getInteger(at: buffer.readerIndex) { _ = try limit(type) }
            return nil
        }
        let limit = try limit(type)
        guard length <= limit else {
            throw PDUError(.invalidParameterValue, "A PDU of type \(type) is longer than \(limit) bytes.")
        }
        guard buffer.readableBytes >= 6 + Int(length) else {
            makeRoom(for: 6 + Int(length))
            return nil
        }
        self.length = 6 + Int(length)
        buffer.moveReaderIndex(forwardBy: 6)
        guard let body = buffer.readSlice(length: Int(length)) else { return nil }
        return try PDU(type: type, body: body)
    }

    /// What of the buffer was handed out shares its memory: writing to it would copy all of it.
    private mutating func makeRoom(for count: Int) {
        guard buffer.capacity - buffer.readerIndex < count || buffer.readerIndex > 0 else { return }
        var whole = ByteBuffer()
        whole.reserveCapacity(count)
        whole.writeImmutableBuffer(buffer)
        buffer = whole
    }

    /// Refuses at the first byte what no PDU begins with, such as a request for a web page.
    private func limit(_ type: UInt8) throws(PDUError) -> Int {
        switch PDU.Kind(rawValue: type) {
        case .data: return limits.dataLength + 6  // some count the head
        case .associateRequest, .associateAccept: return limits.associateLength
        case .associateReject, .releaseRequest, .releaseReply, .abort: return 256
        case nil: throw PDUError(.unrecognizedPDU, "There is no PDU of type \(type).")
        }
    }
}
