import DICOM
import DICOMStore
import LightboxCore

/// Answers queries (C-FIND, PS3.4 section C.4.1).
struct FindService {
    let association: Association
    let context: ServerContext
    private static let pageSize = 2000

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
        var matches = Matches(identifier, context.store, pageSize: Self.pageSize)
        while true {
            let page: [DataSet]
            do {
                guard let next = try matches.nextPage() else { return (.success, nil) }
                page = next
            } catch let error as DICOMStoreError {
                let isTooBroad = error.kind == .limitExceeded
                return isTooBroad
                    ? (.outOfResources, "The query is too broad.")
                    : (
                        error.kind == .invalidInput ? .dataSetMismatch : .cannotUnderstand,
                        "A key has a wrong value."
                    )
            } catch {
                return (.cannotUnderstand, "The index cannot be read now.")
            }
            for match in page {
                if association.isCancelled(message.command.messageID) { return (.cancelled, nil) }
                guard count < context.configuration.limits.matches else {
                    return (.outOfResources, "More matches than are told; narrow the query.")
                }
                try tell(identifier.answer(match, retrievedFrom: context.configuration.title), message)
                count += 1
            }
        }
    }

    private func tell(_ match: DataSet, _ message: Message) throws(DICOMNetworkError) {
        guard let syntax = TransferSyntax(uid: message.context.transferSyntax),
            let data = try? match.serialized(as: syntax)
        else { return }
        try association.send(
            message.command.answer(.pending, hasDataSet: true), on: message.context, data: data)
    }
}

/// The matches of a query, a page in memory at a time.
private struct Matches {
    private let identifier: Identifier
    private let store: DICOMStore
    private var query: AttributeQuery
    private var isAtEnd = false
    /// Patients that were told; a patient is as many studies.
    private var patients: Set<String> = []

    init(_ identifier: Identifier, _ store: DICOMStore, pageSize: Int) {
        self.identifier = identifier
        self.store = store
        query = AttributeQuery(
            level: identifier.level.queryLevel, terms: identifier.terms, fields: .tags(identifier.fields),
            limit: pageSize)
    }

    /// nil at the end.
    mutating func nextPage() throws -> [DataSet]? {
        guard !isAtEnd else { return nil }
        let page = try store.search(query)
        query.offset += page.count
        isAtEnd = page.count < query.limit
        guard identifier.level == .patient else { return page }
        return try page.filter { patients.insert($0.string(.patientID) ?? "").inserted }.map(counted)
    }

    /// Adds what there is of a patient, where that was asked for.
    private func counted(_ patient: DataSet) throws -> DataSet {
        let counts: [Tag] = [
            .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries, .numberOfPatientRelatedInstances,
        ]
        guard counts.contains(where: { identifier.keys[$0] != nil }), let id = patient.string(.patientID) else {
            return patient
        }
        let related = [Tag(0x0020, 0x1206), Tag(0x0020, 0x1208)]
        let escaped = id.contains { "*?\\".contains($0) }
        let studies =
            escaped
            ? []
            : try store.search(
                AttributeQuery(
                    level: .study, terms: [.init(.patientID, id)], fields: .tags(Set(related)), limit: 100_000))
        var result = patient
        let sums = [studies.count] + related.map { tag in studies.reduce(0) { $0 + ($1.int(tag) ?? 0) } }
        for (tag, sum) in zip(counts, sums) where identifier.keys[tag] != nil && !escaped {
            result[tag] = .text(tag, sum.description)
        }
        return result
    }
}
