import DICOM
import DICOMPixels
import LightboxCore
import NIOCore

/// Sends instances over an association (C-STORE), as many at once as both sides agreed on.
struct StoreSender {
    /// Whom a retrieval is for (PS3.7 section 9.3.1.1).
    struct Originator: Sendable {
        let title: String
        let messageID: UInt16
    }

    enum Result: Sendable, Equatable {
        case answered(DIMSEStatus)
        /// Nothing was sent, and why.
        case impossible(String)
    }

    /// Is told of each instance as soon as it is answered.
    typealias Reporter = (_ tag: Int, Result) throws(DICOMNetworkError) -> Void

    let association: Association
    private let originator: Originator?
    /// Messages that may wait for their answers at once.
    private let window: Int
    private var nextID: UInt16 = 1
    private var underWay: [UInt16: Int] = [:]

    init(_ association: Association, window: Int, originator: Originator? = nil) {
        self.association = association
        self.window = window == 0 ? 64 : window
        self.originator = originator
    }

    private var hasRoom: Bool { underWay.count < window }

    /// Sends one instance; answers are told as they come, which may be later.
    ///
    /// - Parameters:
    ///   - tag: names the instance in `onResult`.
    ///   - retrieval: the message that this is done for; the other side may cancel it.
    ///   - onResult: also of instances sent before.
    /// - Returns: whether the other side has cancelled the retrieval.
    @discardableResult
    mutating func send(
        _ instance: OutgoingInstance, tag: Int, cancelling retrieval: UInt16? = nil,
        onResult: Reporter
    ) throws(DICOMNetworkError) -> Bool {
        guard let context = context(for: instance) else {
            try onResult(tag, .impossible("The other side takes no instances of this kind and encoding."))
            return false
        }
        let data: [Piece]
        do {
            data = try instance.dataSet(as: context.transferSyntax)
        } catch {
            try onResult(tag, .impossible(StageReport.Problem(source: instance.path, error: error).reason))
            return false
        }
        var command = CommandSet(.store, hasDataSet: true)
        command.messageID = nextID
        command.affectedSOPClass = instance.sopClass
        command.affectedSOPInstance = instance.sopInstance
        command.priority = 0
        command.moveOriginator = originator?.title
        command.moveOriginatorMessageID = originator?.messageID
        underWay[nextID] = tag
        nextID = nextID == .max ? 1 : nextID + 1
        try association.send(command, on: context, data: data)
        var isCancelled = false
        while !hasRoom { isCancelled = try takeAnswer(retrieval, onResult) || isCancelled }
        return isCancelled
    }

    /// Waits until all is answered.
    ///
    /// - Returns: whether the other side has cancelled the retrieval.
    @discardableResult
    mutating func finish(
        cancelling retrieval: UInt16? = nil, onResult: Reporter
    ) throws(DICOMNetworkError) -> Bool {
        var isCancelled = false
        while !underWay.isEmpty { isCancelled = try takeAnswer(retrieval, onResult) || isCancelled }
        return isCancelled
    }

    private mutating func takeAnswer(
        _ retrieval: UInt16?, _ onResult: Reporter
    ) throws(DICOMNetworkError) -> Bool {
        guard let message = try association.nextMessage(within: association.timeouts.answer) else {
            throw DICOMNetworkError(.closed, association.peer, "The other side ended the association too early.")
        }
        if message.command.operation == .cancel, let retrieval {
            return message.command.answeredMessageID == retrieval
        }
        guard message.command.operation == .store.answer, let id = message.command.answeredMessageID,
            let tag = underWay.removeValue(forKey: id)
        else { throw association.violation("An answer came to nothing that was asked.", .unexpectedPDU) }
        try association.readDataSet(of: message) { _ in }
        try onResult(tag, .answered(message.command.status))
        return false
    }

    /// As stored where the other side takes that, else uncompressed.
    private func context(for instance: OutgoingInstance) -> Association.Context? {
        let usable = association.contexts.values.filter { $0.abstractSyntax == instance.sopClass && $0.isUser }
        for syntax in [instance.transferSyntax] + OutgoingInstance.fallbacks {
            if let context = usable.first(where: { $0.transferSyntax == syntax }) { return context }
        }
        return nil
    }
}

extension Association {
    /// Sends a message with a data set that may be large; one chunk of it is in memory.
    ///
    /// - Throws: also when the data set ends early; only ending the association helps then.
    func send(_ command: CommandSet, on context: Context, data: [Piece]) throws(DICOMNetworkError) {
        try send(command, on: context)
        let reader = PieceReader(data)
        var chunk = try next(of: reader) ?? .empty
        while true {
            let following = try next(of: reader)
            let bytes = chunk.withUnsafeBytes { ByteBuffer(bytes: $0) }
            try send(bytes, isLast: following == nil, on: context)
            guard let following else { return }
            chunk = following
        }
    }

    private func next(of reader: PieceReader) throws(DICOMNetworkError) -> Bytes? {
        do {
            return try reader.next()
        } catch {
            throw DICOMNetworkError(.aborted, peer, "An instance could not be read to its end.")
        }
    }
}
