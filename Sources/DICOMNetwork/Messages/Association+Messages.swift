import NIOCore

/// The command of a message that has arrived; its data set, if it has one, is still to be read.
struct Message: Sendable {
    let context: Association.Context
    let command: CommandSet
}

/// Messages (PS3.7 section 6.3): a command, then, maybe, a data set, both in pieces.
extension Association {
    /// A command takes some hundred bytes.
    private static let longestCommand = 1 << 16

    /// Waits for the next command.
    ///
    /// - Returns: nil when the other side has ended the association.
    func nextMessage(within timeout: Duration) throws(DICOMNetworkError) -> Message? {
        var bytes: [UInt8] = []
        var context: Context?
        while true {
            guard let value = try nextValue(within: context == nil ? timeout : timeouts.idle) else { return nil }
            guard value.isCommand else { throw violation("A data set came without a command.") }
            let its = try self.context(of: value)
            guard context == nil || context == its else { throw violation("Two messages came in one another.") }
            context = its
            bytes.append(contentsOf: value.bytes.readableBytesView)
            guard bytes.count <= Self.longestCommand else { throw violation("A command does not end.") }
            guard value.isLast else { continue }
            do {
                return Message(context: its, command: try CommandSet(bytes: bytes))
            } catch {
                throw violation(error.description)
            }
        }
    }

    /// Reads the data set of a message piece by piece.
    func readDataSet(of message: Message, _ body: (ByteBuffer) -> Void) throws(DICOMNetworkError) {
        guard message.command.hasDataSet else { return }
        while true {
            guard let value = try nextValue(within: timeouts.idle) else {
                throw DICOMNetworkError(.closed, peer, "The association ended inside a message.")
            }
            guard !value.isCommand, value.contextID == message.context.id else {
                throw violation("A data set does not end where it should.")
            }
            body(value.bytes)
            if value.isLast { return }
        }
    }

    /// Reads the data set of a message as a whole.
    ///
    /// - Returns: nil when it is larger than `limit`; it is read to its end all the same.
    func dataSet(of message: Message, limit: Int) throws(DICOMNetworkError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var isTooLarge = false
        try readDataSet(of: message) { piece in
            if bytes.count + piece.readableBytes > limit {
                isTooLarge = true
            } else {
                bytes.append(contentsOf: piece.readableBytesView)
            }
        }
        return isTooLarge ? nil : bytes
    }

    private func context(of value: PresentationDataValue) throws(DICOMNetworkError) -> Context {
        guard let context = contexts[value.contextID] else {
            throw violation("A message came for a service that was not agreed on.")
        }
        return context
    }
}
