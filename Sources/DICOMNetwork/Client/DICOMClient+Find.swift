public import DICOM
import LightboxCore

extension DICOMClient {
    /// Asks what the other side has (C-FIND).
    ///
    /// - Parameters:
    ///   - keys: attributes with a value are matched, `*` and `?` standing for any letters and a letter, `-` between
    ///     dates and times for a range; those without one are told.
    ///   - limit: after so many matches the other side is asked to stop; nil for all.
    ///   - onMatch: is given each match as it comes.
    /// - Returns: how many matches came.
    /// - Throws: ``DICOMNetworkError``, also when the other side says that it failed.
    @discardableResult
    public func find(
        _ level: QueryLevel, matching keys: DataSet, limit: Int? = nil, onMatch: (DataSet) -> Void
    ) throws(DICOMNetworkError) -> Int {
        try query(.find, level, keys) { association, context, command throws(DICOMNetworkError) in
            var count = 0
            var isCancelled = false
            while true {
                let message = try association.answer(to: command)
                let match = try association.readIdentifier(of: message)
                guard message.command.status.isPending else {
                    if message.command.status != .cancelled { try association.expectSuccess(message.command) }
                    return count
                }
                if let match, !isCancelled {
                    onMatch(match)
                    count += 1
                }
                if let limit, count >= limit, !isCancelled {
                    try association.cancel(command, on: context)
                    isCancelled = true
                }
            }
        }
    }

    /// Sends the command of a query or a retrieval, and leaves its answers to `body`.
    func query<Result>(
        _ service: QueryService, _ level: QueryLevel, _ keys: DataSet, destination: AETitle? = nil,
        storage: [PresentationProposal] = [], roles: [UserInformation.Role] = [],
        _ body: (Association, Association.Context, CommandSet) throws(DICOMNetworkError) -> Result
    ) throws(DICOMNetworkError) -> Result {
        // Patients are there in one model only; for the rest some archives have one, some the other.
        let models: [QueryService.Model] = level == .patient ? [.patientRoot] : [.studyRoot, .patientRoot]
        let classes = models.map { service.sopClass($0) }
        var proposals = storage
        for (index, sopClass) in classes.enumerated() {
            proposals.append(
                PresentationProposal(
                    id: UInt8(253 + 2 * index), abstractSyntax: sopClass, transferSyntaxes: Self.encodings))
        }
        return try perform(proposals, roles: roles) { association throws(DICOMNetworkError) in
            let context = try association.context(for: classes)
            var command = CommandSet(service.operation, hasDataSet: true)
            command.messageID = 1
            command.affectedSOPClass = context.abstractSyntax
            command.priority = 0
            command.moveDestination = destination?.description
            var identifier = keys
            identifier[.queryRetrieveLevel] = .text(.queryRetrieveLevel, level.rawValue)
            guard let syntax = TransferSyntax(uid: context.transferSyntax),
                let data = try? identifier.serialized(as: syntax)
            else { throw DICOMNetworkError(.invalidQuery, peer.description, "The keys cannot be written.") }
            try association.send(command, on: context, data: data)
            return try body(association, context, command)
        }
    }
}

extension QueryService {
    fileprivate var operation: CommandSet.Operation {
        switch self {
        case .find: .find
        case .move: .move
        case .get: .get
        }
    }
}

extension Association {
    /// The data set of an answer to a query or a retrieval, nil when it has none.
    func readIdentifier(of message: Message) throws(DICOMNetworkError) -> DataSet? {
        guard message.command.hasDataSet else { return nil }
        guard let bytes = try dataSet(of: message, limit: 8 << 20),
            let syntax = TransferSyntax(uid: message.context.transferSyntax),
            let data = try? DataSet(bytes: Bytes(bytes), as: syntax)
        else { throw violation("An answer cannot be read.") }
        return data
    }
}
