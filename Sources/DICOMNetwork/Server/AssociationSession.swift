import DICOMStore
import Dispatch
import Synchronization

/// Serves one association on its thread until it ends.
final class AssociationSession {
    private let association: Association
    private let context: ServerContext
    private let stores: StoreService

    init(_ association: Association, _ context: ServerContext) {
        self.association = association
        self.context = context
        stores = StoreService(association, .store(context.store), context.configuration.limits)
    }

    func run() {
        context.tell(.began(peer: association.peer))
        var failure: String?
        do {
            while let message = try association.nextMessage(within: association.timeouts.idle) {
                try handle(message)
            }
        } catch {
            failure = error.detail
        }
        stores.waitForAll()
        context.tell(.ended(peer: association.peer, tally: stores.tally, failure: failure))
    }

    private func handle(_ message: Message) throws(DICOMNetworkError) {
        let service = DICOMService(sopClass: message.context.abstractSyntax)
        let operation = message.command.operation
        if operation != .store { stores.waitForAll() }
        guard message.context.isProvider || operation == .cancel else {
            return try refuse(message, .notAuthorized)
        }
        switch (operation, service) {
        case (.echo, .echo): try association.send(message.command.answer(.success), on: message.context)
        case (.store, .store): try stores.receive(message)
        case (.find, .find), (.move, .move), (.get, .get): try answer(message, service)
        case (.action, .commit):
            let service = CommitmentService(association: association, context: context)
            let (status, count) = try service.answer(message)
            context.tell(.performed(peer: association.peer, service: .commit, status: status, count: count))
        case (.eventReport.answer, .commit): try association.readDataSet(of: message) { _ in }
        case (.cancel, _): break  // of an operation that has ended meanwhile
        default: try refuse(message, .unrecognizedOperation)
        }
    }

    private func answer(_ message: Message, _ service: DICOMService?) throws(DICOMNetworkError) {
        guard let service, let (_, model) = QueryService.of(message.context.abstractSyntax) else { return }
        let retrieval = RetrieveService(association: association, context: context)
        let (status, count) =
            switch service {
            case .get: try retrieval.get(message, model)
            case .move: try retrieval.move(message, model)
            default: try FindService(association: association, context: context).answer(message, model)
            }
        context.tell(.performed(peer: association.peer, service: service, status: status, count: count))
    }

    private func refuse(_ message: Message, _ status: DIMSEStatus) throws(DICOMNetworkError) {
        try association.readDataSet(of: message) { _ in }
        guard !message.command.operation.isAnswer else {
            throw association.violation("An answer came to nothing that was asked.", .unexpectedPDU)
        }
        try association.send(message.command.answer(status), on: message.context)
    }
}
