public import Foundation

/// A change of the catalogue that takes time, or is answered as if it did; readable for ever.
public struct CatalogOperation: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case createVersion, deleteVersion, deleteModel, updateModel, updateVersion
    }

    /// How it ended.
    public enum Outcome: Sendable, Codable, Equatable {
        case version(ModelVersion)
        case model(Model)
        /// Done, with nothing to give back.
        case done
        case failed(Problem)
    }

    public struct Problem: Sendable, Codable, Equatable {
        public enum Code: String, Sendable, Codable {
            case cancelled, invalidArgument, failedPrecondition, internalError
        }

        public let code: Code
        public let message: String

        public init(_ code: Code, _ message: String) {
            self.code = code
            self.message = message
        }
    }

    /// `create_hugs_v1-1542735245123456`.
    public let id: String
    public let kind: Kind
    public let model: String
    /// nil for an operation on the model itself.
    public let version: String?
    public let created: Date
    public var ended: Date?
    public var isCancellationRequested: Bool
    /// nil while it runs.
    public var outcome: Outcome?

    public var isDone: Bool { outcome != nil }
}
