import DICOM
import DICOMStore
public import LightboxCore
import WireFormats

/// Why a request is not answered. Its text names attributes and parameters and never quotes a value.
public struct DICOMwebError: Failure, Equatable {
    public enum Code: Int, Sendable {
        case badRequest = 400
        case notFound = 404
        case methodNotAllowed = 405
        case notAcceptable = 406
        case conflict = 409
        case tooLarge = 413
        case unsupportedMediaType = 415
        case rangeNotSatisfiable = 416
        case internalError = 500
        case unavailable = 503
    }

    public let code: Code
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    public var kind: FailureKind {
        switch code {
        case .badRequest, .methodNotAllowed, .rangeNotSatisfiable: .invalidInput
        case .notFound: .notFound
        case .notAcceptable, .unsupportedMediaType: .unsupported
        case .conflict: .conflict
        case .tooLarge: .limitExceeded
        case .internalError, .unavailable: .environment
        }
    }

    /// What a caller may know of any error.
    init(reporting error: any Error) {
        switch error {
        case let error as DICOMwebError: self = error
        // A damaged file in the archive is not the caller's mistake, and its path is none of the caller's business.
        case var error as DICOMError:
            error.file = nil
            let isUnsupported = error.kind == .unsupported || error.code == .missingAttribute
            self.init(isUnsupported ? .notAcceptable : .internalError, error.description)
        case let error as DICOMStoreError:
            switch error.kind {
            case .notFound: self.init(.notFound, error.description)
            case .invalidInput, .limitExceeded: self.init(.badRequest, error.description)
            case .conflict: self.init(.conflict, error.description)
            default: self.init(.internalError, "The store's index cannot be used. Its log tells why.")
            }
        case let error as any Failure where error.kind == .notFound:
            self.init(.internalError, "A stored file is missing. Run 'lightbox dicom verify'.")
        case let error as any Failure where error.kind == .environment && !(error is FileFailure):
            self.init(.unavailable, "What the store needs does not answer now. Try again later.")
        default: self.init(.internalError, "The request could not be carried out.")
        }
    }

    /// Google's code for the status.
    private var status: String {
        switch code {
        case .badRequest, .methodNotAllowed, .notAcceptable, .unsupportedMediaType, .tooLarge: "INVALID_ARGUMENT"
        case .rangeNotSatisfiable: "OUT_OF_RANGE"
        case .notFound: "NOT_FOUND"
        case .conflict: "ALREADY_EXISTS"
        case .internalError: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        }
    }

    /// `{"error": {"code": 404, "message": …, "status": "NOT_FOUND"}}`.
    var response: DICOMwebResponse {
        let json = JSONValue.object([
            .init(
                "error",
                .object([
                    .init("code", .integer(Int64(code.rawValue))), .init("message", .string(description)),
                    .init("status", .string(status)),
                ]))
        ])
        return DICOMwebResponse(
            status: code.rawValue, headers: [("Content-Type", "application/json; charset=UTF-8")],
            body: .bytes(Bytes((try? json.serialized()) ?? [])))
    }
}
