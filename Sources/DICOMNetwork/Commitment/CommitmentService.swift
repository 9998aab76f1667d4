import DICOM
import DICOMStore
import Foundation
import LightboxCore

/// Says which instances are kept (N-ACTION), and reports it (N-EVENT-REPORT): to the caller's own address where one
/// is configured for its title, else over the association that asked.
struct CommitmentService {
    let association: Association
    let context: ServerContext

    /// - Returns: how it ended, and how many instances are kept.
    func answer(_ message: Message) throws(DICOMNetworkError) -> (DIMSEStatus, Int) {
        let bytes = try association.dataSet(of: message, limit: context.configuration.limits.identifierBytes)
        guard message.command.actionType == 1 else { return try refuse(message, .noSuchAction) }
        guard message.command.requestedSOPInstance == DICOMUID.storageCommitmentInstance else {
            return try refuse(message, .noSuchInstance)
        }
        guard let bytes, let syntax = TransferSyntax(uid: message.context.transferSyntax),
            let data = try? DataSet(bytes: Bytes(bytes), as: syntax),
            let transaction = data.string(.transactionUID), isUsable(uid: transaction)
        else { return try refuse(message, .processingFailure) }
        let items = data.items(.referencedSOPSequence)
        let references = items.compactMap(InstanceReference.init)
        guard !items.isEmpty, references.count == items.count else {
            return try refuse(message, .missingAttribute)
        }

        var answer = message.command.answer(.success)
        answer.actionType = 1
        try association.send(answer, on: message.context)
        let result = commitment(references)
        try report(result, transaction, message)
        return (.success, result.kept.count)
    }

    private func refuse(_ message: Message, _ status: DIMSEStatus) throws(DICOMNetworkError) -> (DIMSEStatus, Int)
    {
        try association.send(message.command.answer(status), on: message.context)
        return (status, 0)
    }

    private func commitment(_ references: [InstanceReference]) -> Commitment {
        var result = Commitment()
        for reference in references {
            if let reason = reason(against: reference) {
                result.refused.append(.init(reference: reference, reason: reason))
            } else {
                result.kept.append(reference)
            }
        }
        return result
    }

    /// nil for an instance whose file is there.
    private func reason(against reference: InstanceReference) -> DIMSEStatus? {
        do {
            guard let stored = try context.store.instance(reference.sopInstance),
                try isKept(stored)
            else { return .noSuchInstance }
            let isOfClass = stored.record.instance.sopClassUID == reference.sopClass
            return isOfClass ? nil : .classInstanceConflict
        } catch {
            return .processingFailure
        }
    }

    private func isKept(_ stored: StoredInstance) throws -> Bool {
        guard RemoteFiles.isRemote(stored.path) else {
            return FileManager.default.isReadableFile(atPath: stored.path)
        }
        return try RemoteFiles.remoteStatus(of: stored.path)?.size == stored.size
    }

    private func report(
        _ result: Commitment, _ transaction: String, _ message: Message
    ) throws(DICOMNetworkError) {
        let data = result.dataSet(transaction: transaction)
        let title = association.callingTitle
        guard let destination = context.configuration.destinations.first(where: { $0.title.description == title })
        else { return try Self.send(data, result, over: association, on: message.context) }
        let role = UserInformation.Role(sopClass: DICOMUID.storageCommitment, isUser: false, isProvider: true)
        var client = DICOMClient(title: context.configuration.title, peer: destination)
        client.timeouts = context.configuration.timeouts
        let proposal = PresentationProposal(
            id: 1, abstractSyntax: DICOMUID.storageCommitment, transferSyntaxes: DICOMClient.encodings)
        do throws(DICOMNetworkError) {
            try client.perform([proposal], roles: [role]) { caller throws(DICOMNetworkError) in
                let context = try caller.context(for: [DICOMUID.storageCommitment])
                guard context.isProvider else {
                    throw DICOMNetworkError(.notNegotiated, caller.peer, "The other side takes no reports.")
                }
                try Self.send(data, result, over: caller, on: context)
                let answer = try caller.next()
                try caller.readDataSet(of: answer) { _ in }
                try caller.expectSuccess(answer.command)
            }
        } catch {
            // The caller is still here, and may take it this way.
            try Self.send(data, result, over: association, on: message.context)
        }
    }

    private static func send(
        _ data: DataSet, _ result: Commitment, over association: Association, on context: Association.Context
    ) throws(DICOMNetworkError) {
        var command = CommandSet(.eventReport, hasDataSet: true)
        command.messageID = 1
        command.affectedSOPClass = DICOMUID.storageCommitment
        command.affectedSOPInstance = DICOMUID.storageCommitmentInstance
        command.eventType = result.refused.isEmpty ? 1 : 2
        guard let syntax = TransferSyntax(uid: context.transferSyntax),
            let bytes = try? data.serialized(as: syntax)
        else { return }
        try association.send(command, on: context, data: bytes)
    }
}
