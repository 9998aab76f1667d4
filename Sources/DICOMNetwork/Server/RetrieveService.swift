import DICOM
import DICOMStore
import LightboxCore

/// Sends instances to who asks for them (C-GET) or to another application (C-MOVE); PS3.4 sections C.4.2 and C.4.3.
struct RetrieveService {
    let association: Association
    let context: ServerContext

    /// - Returns: how it ended, and how many instances were sent.
    func get(_ message: Message, _ model: QueryService.Model) throws(DICOMNetworkError) -> (DIMSEStatus, Int) {
        guard let instances = try selection(message, model) else { return (.dataSetMismatch, 0) }
        var run = Run(association, message, total: instances.count)
        // The caller said nothing of performing several operations at once.
        try run.send(instances, over: StoreSender(association, window: 1))
        return try run.finish()
    }

    func move(_ message: Message, _ model: QueryService.Model) throws(DICOMNetworkError) -> (DIMSEStatus, Int) {
        guard let instances = try selection(message, model) else { return (.dataSetMismatch, 0) }
        let title = message.command.moveDestination ?? ""
        guard let destination = context.configuration.destinations.first(where: { $0.title.description == title })
        else { return try refuse(message, .unknownDestination, "This server knows no such destination.") }
        var run = Run(association, message, total: instances.count)
        let connector = Connector(
            title: context.configuration.title, peer: destination, timeouts: context.configuration.timeouts)
        for batch in PresentationPlan.batches(of: instances, key: { $0 }) where !run.isCancelled {
            try association.checkOpen()
            let sub: Association
            do {
                sub = try connector.associate(batch.contexts, window: context.configuration.limits.window)
            } catch {
                run.fail(batch.items)
                continue
            }
            // Who asked may hang up while the destination takes its time.
            association.whenClosed { [weak sub] in
                sub?.abort(.user)
                sub?.close()
            }
            let sender = StoreSender(
                sub, window: sub.window,
                originator: .init(title: association.callingTitle, messageID: message.command.messageID))
            do {
                try run.send(batch.items, over: sender)
                sub.release()
            } catch {
                sub.abort(.user)
                try association.checkOpen()
                guard error.peer == sub.peer else { throw error }
                run.failRest()
            }
        }
        return try run.finish()
    }

    private func selection(_ message: Message, _ model: QueryService.Model) throws(DICOMNetworkError)
        -> [OutgoingInstance]?
    {
        let bytes = try association.dataSet(of: message, limit: context.configuration.limits.identifierBytes)
        do {
            guard let bytes else { throw Identifier.Problem(text: "The identifier is too large.") }
            let query = try Identifier(bytes, as: message.context.transferSyntax, model).retrieval()
            return try context.store.instances(matching: query).map(OutgoingInstance.init)
        } catch let problem as Identifier.Problem {
            _ = try refuse(message, .dataSetMismatch, problem.text)
        } catch {
            _ = try refuse(message, .cannotCountMatches, "The index cannot be read now.")
        }
        return nil
    }

    private func refuse(
        _ message: Message, _ status: DIMSEStatus, _ comment: String
    ) throws(DICOMNetworkError) -> (DIMSEStatus, Int) {
        try association.send(message.command.answer(status, comment: comment), on: message.context)
        return (status, 0)
    }
}

/// One retrieval under way: counts, and tells who asked.
private struct Run {
    private let association: Association
    private let message: Message
    private var counts: SubOperations
    private var failed: [String] = []
    private(set) var isCancelled = false
    /// Sent or about to be, in the batch under way, and not answered.
    private var open: [Int: OutgoingInstance] = [:]

    init(_ association: Association, _ message: Message, total: Int) {
        self.association = association
        self.message = message
        counts = SubOperations(remaining: total)
    }

    mutating func send(_ instances: [OutgoingInstance], over sender: StoreSender) throws(DICOMNetworkError) {
        var sender = sender
        open = Dictionary(uniqueKeysWithValues: instances.enumerated().map { ($0, $1) })
        var cancelled = false
        let id = message.command.messageID
        for (index, instance) in instances.enumerated() {
            try association.checkOpen()
            cancelled = association.isCancelled(id) || cancelled
            if cancelled { break }
            cancelled = try sender.send(instance, tag: index, cancelling: id) {
                tag, result throws(DICOMNetworkError) in try note(tag, result)
            }
        }
        cancelled =
            try sender.finish(cancelling: id) { tag, result throws(DICOMNetworkError) in try note(tag, result) }
            || cancelled
        isCancelled = cancelled
        open.removeAll()
    }

    mutating func fail(_ instances: [OutgoingInstance]) {
        for instance in instances { count(instance, .impossible("")) }
    }

    mutating func failRest() {
        fail(open.sorted { $0.key < $1.key }.map(\.value))
        open.removeAll()
    }

    private mutating func note(_ tag: Int, _ result: StoreSender.Result) throws(DICOMNetworkError) {
        guard let instance = open.removeValue(forKey: tag) else { return }
        count(instance, result)
        var answer = message.command.answer(.pending)
        answer.subOperations = counts
        try association.send(answer, on: message.context)
    }

    private mutating func count(_ instance: OutgoingInstance, _ result: StoreSender.Result) {
        counts.remaining = (counts.remaining ?? 1) - 1
        if case .answered(let status) = result, status.isSuccess {
            counts.completed += 1
        } else if case .answered(let status) = result, status.isWarning {
            counts.warning += 1
        } else {
            counts.failed += 1
            failed.append(instance.sopInstance)
        }
    }

    /// The last answer (PS3.4 tables C.4-2 and C.4-3).
    func finish() throws(DICOMNetworkError) -> (DIMSEStatus, Int) {
        let status: DIMSEStatus =
            if isCancelled {
                .cancelled
            } else if counts.failed == 0 && counts.warning == 0 {
                .success
            } else if counts.completed + counts.warning == 0 {
                .cannotPerformSubOperations
            } else {
                .subOperationsFailed
            }
        var data: [UInt8]?
        if !failed.isEmpty, let syntax = TransferSyntax(uid: message.context.transferSyntax) {
            data = try? DataSet([.text(.failedSOPInstanceUIDList, failed, vr: .UI)]).serialized(as: syntax)
        }
        var answer = message.command.answer(status, hasDataSet: data != nil)
        var counts = counts
        if !isCancelled { counts.remaining = nil }
        answer.subOperations = counts
        try association.send(answer, on: message.context, data: data)
        return (status, counts.completed + counts.warning)
    }
}
