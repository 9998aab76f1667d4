import DICOM
import Foundation
public import LightboxCore

extension DICOMClient {
    /// Asks the other side to take over the duty to keep instances (storage commitment, PS3.4 annex J), and waits for
    /// its report on the same association.
    public func commit(_ references: [InstanceReference]) throws(DICOMNetworkError) -> Commitment {
        let sopClass = DICOMUID.storageCommitment
        let proposal = PresentationProposal(
            id: 1, abstractSyntax: sopClass, transferSyntaxes: Self.encodings)
        return try perform([proposal]) { association throws(DICOMNetworkError) in
            let context = try association.context(for: [sopClass])
            var command = CommandSet(.action, hasDataSet: true)
            command.messageID = 1
            command.requestedSOPClass = sopClass
            command.requestedSOPInstance = DICOMUID.storageCommitmentInstance
            command.actionType = 1
            let transaction = Self.newUID()
            let data = DataSet([
                .text(.transactionUID, transaction),
                .sequence(.referencedSOPSequence, references.map(\.item)),
            ])
            guard let syntax = TransferSyntax(uid: context.transferSyntax),
                let bytes = try? data.serialized(as: syntax)
            else { throw DICOMNetworkError(.invalidQuery, peer.description, "The request cannot be written.") }
            try association.send(command, on: context, data: bytes)
            let answer = try association.answer(to: command)
            try association.readDataSet(of: answer) { _ in }
            try association.expectSuccess(answer.command)
            let report = try association.next()
            guard report.command.operation == .eventReport,
                let result = try association.readIdentifier(of: report),
                result.string(.transactionUID) == transaction
            else { throw association.violation("A report came on something else.", .unexpectedPDU) }
            var thanks = report.command.answer(.success)
            thanks.eventType = report.command.eventType
            try association.send(thanks, on: context)
            return Commitment(result)
        }
    }

    /// The same for the instances in files.
    ///
    /// - Returns: `written` is what the other side keeps; `problems` names the files of the rest.
    public func commit(files paths: [String]) throws -> StageReport {
        var report = StageReport(stage: "commit")
        var files: [(path: String, reference: InstanceReference)] = []
        for path in paths {
            do {
                let data = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true)).dataSet
                guard let sopClass = data.string(.sopClassUID), let uid = data.string(.sopInstanceUID) else {
                    throw DICOMError(.missingAttribute, tag: .sopInstanceUID, "An instance has a class and a UID.")
                }
                files.append((path, InstanceReference(sopClass: sopClass, sopInstance: uid)))
            } catch {
                report.problems.append(StageReport.Problem(source: path, error: error))
            }
        }
        // As many as fit well into one message.
        for start in stride(from: 0, to: files.count, by: 1000) {
            let part = files[start..<min(start + 1000, files.count)]
            let answer = try commit(part.map(\.reference))
            let (kept, refused) = (
                Set(answer.kept), Dictionary(answer.refused.map { ($0.reference, $0.reason) }) { $1 }
            )
            for (path, reference) in part {
                if kept.contains(reference) {
                    report.written += 1
                } else {
                    let reason = refused[reference].map { "The other side does not keep it: \($0)." }
                    report.problems.append(
                        StageReport.Problem(
                            source: path, reason: reason ?? "The other side's report leaves it out."))
                }
            }
        }
        return report
    }

    /// Below 2.25 (PS3.5 annex B.2): a random number of 37 digits, less than 2 to the power of 128.
    private static func newUID() -> String {
        let digits = (0..<36).map { _ in String(Int.random(in: 0...9)) }.joined()
        return "2.25.1" + digits
    }
}
