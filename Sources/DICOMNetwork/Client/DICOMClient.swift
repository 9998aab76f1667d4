import DICOM
import LightboxCore

/// Uses the services of another application on the DICOM network.
///
/// Each call makes associations of its own and returns when it is through; it waits on the calling thread, for the
/// network never longer than ``timeouts`` say.
public struct DICOMClient: Sendable {
    /// How this side is called.
    public var title: AETitle
    public var peer: DICOMEndpoint
    public var timeouts = NetworkTimeouts()

    public init(title: AETitle, peer: DICOMEndpoint) {
        self.title = title
        self.peer = peer
    }

    /// Asks whether the other side answers at all (C-ECHO).
    public func echo() throws(DICOMNetworkError) {
        let proposal = PresentationProposal(
            id: 1, abstractSyntax: DICOMUID.verification, transferSyntaxes: Self.encodings)
        try perform([proposal]) { association throws(DICOMNetworkError) in
            var command = CommandSet(.echo, hasDataSet: false)
            command.messageID = 1
            command.affectedSOPClass = DICOMUID.verification
            let context = try association.context(for: [DICOMUID.verification])
            try association.send(command, on: context)
            let answer = try association.answer(to: command)
            try association.expectSuccess(answer.command)
        }
    }

    // MARK: Associations

    static let encodings = [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid]

    var connector: Connector { Connector(title: title, peer: peer, timeouts: timeouts) }

    /// Makes an association, uses it and ends it; in peace unless `body` throws.
    func perform<Result>(
        _ proposals: [PresentationProposal], roles: [UserInformation.Role] = [],
        _ body: (Association) throws(DICOMNetworkError) -> Result
    ) throws(DICOMNetworkError) -> Result {
        let association = try connector.associate(proposals, roles: roles)
        do throws(DICOMNetworkError) {
            let result = try body(association)
            association.release()
            return result
        } catch {
            association.abort(.user)
            association.close()
            throw error
        }
    }
}

extension Association {
    /// The first of these services that was agreed on.
    func context(for sopClasses: [String]) throws(DICOMNetworkError) -> Context {
        for sopClass in sopClasses {
            if let context = contexts.values.first(where: { $0.abstractSyntax == sopClass }) { return context }
        }
        throw DICOMNetworkError(.notNegotiated, peer, "The other side has no such service.")
    }

    /// Waits for the next message, which has to be an answer to `command`.
    func answer(to command: CommandSet) throws(DICOMNetworkError) -> Message {
        let message = try next()
        try expect(message.command, answers: command)
        return message
    }

    func next() throws(DICOMNetworkError) -> Message {
        guard let message = try nextMessage(within: timeouts.answer) else {
            throw DICOMNetworkError(.closed, peer, "The other side ended the association too early.")
        }
        return message
    }

    func expect(_ answer: CommandSet, answers command: CommandSet) throws(DICOMNetworkError) {
        guard answer.operation == command.operation.answer, answer.answeredMessageID == command.messageID else {
            throw violation("An answer came to nothing that was asked.", .unexpectedPDU)
        }
    }

    /// What the other side says of a failure belongs to its operator and goes along.
    func expectSuccess(_ answer: CommandSet) throws(DICOMNetworkError) {
        guard !answer.status.isSuccess, !answer.status.isWarning else { return }
        let comment = answer.errorComment.map { " It says: \($0)" } ?? ""
        throw DICOMNetworkError(.failureStatus, peer, "The other side answered \(answer.status).\(comment)")
    }

    /// Asks the other side to end an operation (C-CANCEL); its last answer still comes.
    func cancel(_ command: CommandSet, on context: Context) throws(DICOMNetworkError) {
        var cancel = CommandSet(.cancel, hasDataSet: false)
        cancel.answeredMessageID = command.messageID
        try send(cancel, on: context)
    }
}
