public import DICOM
public import LightboxCore

/// How a retrieval ended.
public struct RetrievalResult: Sendable, Hashable {
    public var status = DIMSEStatus.success
    /// As the other side counts.
    public var counts = SubOperations()
    /// The UIDs of instances that could not be sent, as far as the other side tells them.
    public var failed: [String] = []
    /// What came in here; all zero when another application was the destination.
    public var received = DICOMServer.Tally()
}

extension DICOMClient {
    /// Has the other side send instances to an application that it knows (C-MOVE).
    ///
    /// - Parameters:
    ///   - keys: the UID or UIDs of `level` (or the patient ID), and those of the levels above.
    ///   - isCancelled: asked with every answer; once true, the other side is asked to stop.
    public func move(
        _ level: QueryLevel, matching keys: DataSet, to destination: AETitle,
        progress: ProgressHandler = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(DICOMNetworkError) -> RetrievalResult {
        try query(.move, level, keys, destination: destination) {
            association, context, command throws(DICOMNetworkError) in
            var run = Retrieval(association, context, command, "move")
            while try !run.takeAnswer(association.next(), progress, isCancelled) {}
            return run.result
        }
    }

    /// Has the other side send instances over this same association (C-GET).
    ///
    /// - Parameters:
    ///   - keys: the UID or UIDs of `level` (or the patient ID), and those of the levels above.
    ///   - target: where they go; each is acknowledged once it is on the disk.
    ///   - isCancelled: asked with every message; once true, the other side is asked to stop.
    public func get(
        _ level: QueryLevel, matching keys: DataSet, into target: InstanceTarget,
        progress: ProgressHandler = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(DICOMNetworkError) -> RetrievalResult {
        try query(.get, level, keys, storage: StorageProposals.contexts, roles: StorageProposals.roles) {
            association, context, command throws(DICOMNetworkError) in
            var run = Retrieval(association, context, command, "get")
            while true {
                let message = try association.next()
                guard message.command.operation == .store, message.context.isProvider else {
                    if try run.takeAnswer(message, progress, isCancelled) { return run.result }
                    continue
                }
                let arrival = Arrival(message, to: target, limit: DICOMServer.Limits().instanceBytes)
                try association.readDataSet(of: message) { arrival.append($0) }
                let outcome = arrival.commit()
                run.result.received.count(outcome)
                try association.send(
                    arrival.command.answer(outcome.status, comment: outcome.comment), on: message.context)
                try run.cancel(if: isCancelled)
            }
        }
    }
}

/// A retrieval under way, seen by who asked for it.
private struct Retrieval {
    var result = RetrievalResult()
    private let association: Association
    private let context: Association.Context
    private let command: CommandSet
    private let stage: String
    private var isCancelled = false

    init(_ association: Association, _ context: Association.Context, _ command: CommandSet, _ stage: String) {
        self.association = association
        self.context = context
        self.command = command
        self.stage = stage
    }

    /// - Returns: whether it was the last answer.
    mutating func takeAnswer(
        _ message: Message, _ progress: ProgressHandler, _ isCancelled: () -> Bool
    ) throws(DICOMNetworkError) -> Bool {
        try association.expect(message.command, answers: command)
        let data = try association.readIdentifier(of: message)
        if let counts = message.command.subOperations {
            result.counts = counts
            let done = counts.completed + counts.failed + counts.warning
            progress(ProgressUpdate(stage: stage, completed: done, total: counts.remaining.map { $0 + done }))
        }
        guard !message.command.status.isPending else {
            try cancel(if: isCancelled)
            return false
        }
        result.status = message.command.status
        result.failed = data?.strings(.failedSOPInstanceUIDList) ?? []
        let hasCounts = message.command.subOperations != nil && result.status == .cannotPerformSubOperations
        if result.status != .cancelled && !hasCounts { try association.expectSuccess(message.command) }
        return true
    }

    mutating func cancel(if isWanted: () -> Bool) throws(DICOMNetworkError) {
        guard !isCancelled, isWanted() else { return }
        isCancelled = true
        try association.cancel(command, on: context)
    }
}
