import DICOM
import DICOMStore
import LightboxCore

/// Answers queries (C-FIND, PS3.4 section C.4.1).
struct FindService {
    let association: Association
    let context: ServerContext

    /// Why telling ends before all is told.
    private struct End: Error {
        let status: DIMSEStatus
        var comment: String?
    }

    /// - Returns: how it ended, and how many matches were told.
    func answer(
        _ message: Message, _ model: QueryService.Model
    ) throws(DICOMNetworkError) -> (status: DIMSEStatus, count: Int) {
        let bytes = try association.dataSet(of: message, limit: context.configuration.limits.identifierBytes)
        var count = 0
        let (status, comment) = try run(bytes, message, model, &count)
        try association.send(message.command.answer(status, comment: comment), on: message.context)
        return (status, count)
    }

    private func run(
        _ bytes: [UInt8]?, _ message: Message, _ model: QueryService.Model, _ count: inout Int
    ) throws(DICOMNetworkError) -> (DIMSEStatus, String?) {
        guard let bytes else { return (.outOfResources, "The identifier is too large.") }
        let identifier: Identifier
        do {
            identifier = try Identifier(bytes, as: message.context.transferSyntax, model)
        } catch {
            return (.dataSetMismatch, error.text)
        }
        do {
            try forEachMatch(of: identifier) { match in
                guard count < context.configuration.limits.matches else {
                    throw End(status: .outOfResources, comment: "More matches than are told; narrow the query.")
                }
                try tell(identifier.answer(match, retrievedFrom: context.configuration.title), message)
                count += 1
            }
            return (.success, nil)
        } catch let end as End {
            return (end.status, end.comment)
        } catch let error as DICOMNetworkError {
            throw error
        } catch let error as DICOMStoreError where error.kind == .limitExceeded {
            return (.outOfResources, "The query is too broad.")
        } catch let error as DICOMStoreError where error.kind == .invalidInput {
            return (.dataSetMismatch, "A key has a wrong value.")
        } catch {
            return (.cannotUnderstand, "The index cannot be read now.")
        }
    }

    private func tell(_ match: DataSet, _ message: Message) throws {
        try association.checkOpen()
        if association.isCancelled(message.command.messageID) { throw End(status: .cancelled) }
        guard let syntax = TransferSyntax(uid: message.context.transferSyntax),
            let data = try? match.serialized(as: syntax)
        else { throw End(status: .cannotUnderstand, comment: "A match cannot be written.") }
        try association.send(
            message.command.answer(.pending, hasDataSet: true), on: message.context, data: data)
    }

    // MARK: Matches

    /// A patient is as many studies in the index, and is met once.
    private func forEachMatch(of identifier: Identifier, _ body: (DataSet) throws -> Void) throws {
        let isPatient = identifier.level == .patient
        let limits = context.configuration.limits
        let query = AttributeQuery(
            level: identifier.level.queryLevel, terms: identifier.terms, fields: .tags(identifier.fields),
            limit: isPatient ? .max : limits.matches + 1)
        var patients: Set<String> = []
        try context.store.search(query) { match in
            guard isPatient else { return try body(match) }
            guard patients.insert(match.string(.patientID) ?? "").inserted else { return }
            try body(try counted(match, identifier))
        }
    }

    /// Adds what there is of a patient, where that was asked for.
    private func counted(_ patient: DataSet, _ identifier: Identifier) throws -> DataSet {
        let counts: [Tag] = [
            .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries, .numberOfPatientRelatedInstances,
        ]
        guard counts.contains(where: { identifier.keys[$0] != nil }), let id = patient.string(.patientID),
            // It would be a pattern.
            !id.contains(where: { "*?\\".contains($0) })
        else { return patient }
        let related = [Tag(0x0020, 0x1206), Tag(0x0020, 0x1208)]
        let studies = try context.store.search(
            AttributeQuery(
                level: .study, terms: [.init(.patientID, id)], fields: .tags(Set(related)), limit: 100_000))
        var result = patient
        let sums = [studies.count] + related.map { tag in studies.reduce(0) { $0 + ($1.int(tag) ?? 0) } }
        for (tag, sum) in zip(counts, sums) where identifier.keys[tag] != nil {
            result[tag] = .text(tag, sum.description)
        }
        return result
    }
}
