import Catalog
import Foundation
import WireFormats

/// Long-running operations as Google's `ml` v1 writes them.
enum OperationMessage {
    /// - Parameter version: the one that is being made, where there is one.
    static func message(_ operation: CatalogOperation, version: ModelVersion?, project: String) -> Message {
        var message = Message()
        message.add("name", "projects/\(project)/operations/\(operation.id)")
        message.add("metadata", metadata(operation, version: version, project: project))
        message.add("done", operation.isDone)
        switch operation.outcome {
        case .version(let version):
            let typed = Message(type: "google.cloud.ml.v1.Version")
            message.add("response", ModelMessage.message(version, project: project, into: typed))
        case .model(let model):
            var typed = Message(type: "google.cloud.ml.v1.Model")
            typed.add(ModelMessage.message(model, project: project))
            message.add("response", typed)
        case .done: message.add("response", Message(type: "google.protobuf.Empty"))
        case .failed(let problem):
            var error = Message()
            error.add("code", short: code(problem.code))
            error.add("message", problem.message)
            message.add("error", error)
        case nil: break
        }
        return message
    }

    private static func metadata(
        _ operation: CatalogOperation, version: ModelVersion?, project: String
    ) -> Message {
        var message = Message(type: "google.cloud.ml.v1.OperationMetadata")
        message.add("createTime", operation.created)
        message.add("startTime", operation.created)
        message.add("endTime", operation.ended)
        message.add("isCancellationRequested", operation.isCancellationRequested)
        message.add("operationType", kind(operation.kind))
        message.add("modelName", "projects/\(project)/models/\(operation.model)")
        if let version { message.add("version", ModelMessage.message(version, project: project)) }
        return message
    }

    private static func kind(_ kind: CatalogOperation.Kind) -> String {
        switch kind {
        case .createVersion: "CREATE_VERSION"
        case .deleteVersion: "DELETE_VERSION"
        case .deleteModel: "DELETE_MODEL"
        case .updateModel: "UPDATE_MODEL"
        case .updateVersion: "UPDATE_VERSION"
        }
    }

    /// Numbers of google.rpc.Code.
    private static func code(_ code: CatalogOperation.Problem.Code) -> Int {
        switch code {
        case .cancelled: 1
        case .invalidArgument: 3
        case .failedPrecondition: 9
        case .internalError: 13
        }
    }
}

extension Message {
    /// All fields of another message.
    mutating func add(_ other: Message) {
        for member in other.value.members ?? [] { add([member.name: member.value]) }
    }
}
