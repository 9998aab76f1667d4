public import LightboxCore

/// What is wrong with a store, or why a file was not taken in. It never holds an attribute's value.
public struct DICOMStoreError: Failure, Equatable {
    public enum Code: String, Sendable {
        case invalidName, noSuchStore, storeExists, noSuchDataset, datasetExists
        case missingIdentifier, invalidIdentifier, catalogUnusable, invalidQuery, tooBroad
    }

    public let code: Code
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    public var kind: FailureKind {
        switch code {
        case .invalidName, .missingIdentifier, .invalidIdentifier, .invalidQuery: .invalidInput
        case .noSuchStore, .noSuchDataset: .notFound
        case .storeExists, .datasetExists: .conflict
        case .tooBroad: .limitExceeded
        case .catalogUnusable: .environment
        }
    }
}
