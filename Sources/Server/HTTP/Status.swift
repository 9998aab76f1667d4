import Buckets
import Catalog
import HTTPTypes
import LightboxCore
import Serving
import WireFormats

/// How an error is answered: the status of HTTP, the name that Google's services have for it, and the words.
struct Status: Sendable, Equatable {
    let http: Int
    /// A name of google.rpc.Code.
    let name: String
    let message: String
    /// Seconds until it may be worth another try.
    var retryAfter: Int?

    /// The table. What is not in it is our own fault, and its words stay in the log.
    init(_ error: any Error) {
        switch error {
        case let error as ServerError:
            let (http, name) = Self.pair(error.code)
            self.init(http: http, name: name, message: error.description, retryAfter: Self.wait(http))
        case let error as ServingError:
            let (http, name) = Self.pair(error.code)
            self.init(http: http, name: name, message: error.description, retryAfter: Self.wait(http))
        case let error as CatalogError:
            let (http, name) = Self.pair(error.code)
            self.init(http: http, name: name, message: error.description)
        case let error as BucketError:
            let (http, name) = Self.pair(error.code)
            self.init(http: http, name: name, message: error.description)
        case let error as any Failure:
            let (http, name) = Self.pair(error.kind)
            self.init(http: http, name: name, message: error.description)
        case is CancellationError:
            self.init(http: 499, name: "CANCELLED", message: "The caller has gone, or the server stops.")
        default:
            self.init(http: 500, name: "INTERNAL", message: "The server failed. Its log says more.")
        }
    }

    private init(http: Int, name: String, message: String, retryAfter: Int? = nil) {
        self.http = http
        self.name = name
        self.message = message
        self.retryAfter = retryAfter
    }

    private static func pair(_ code: ServerError.Code) -> (Int, String) {
        switch code {
        case .invalidArgument: (400, "INVALID_ARGUMENT")
        case .notOffered: (400, "FAILED_PRECONDITION")
        case .noSuchRoute: (404, "NOT_FOUND")
        case .methodNotAllowed: (405, "UNIMPLEMENTED")
        case .bodyTooLarge: (413, "INVALID_ARGUMENT")
        case .unsupportedMedia: (415, "INVALID_ARGUMENT")
        case .timedOut: (408, "DEADLINE_EXCEEDED")
        case .unauthenticated: (401, "UNAUTHENTICATED")
        case .forbidden: (403, "PERMISSION_DENIED")
        case .overloaded: (429, "RESOURCE_EXHAUSTED")
        case .shuttingDown: (503, "UNAVAILABLE")
        }
    }

    private static func pair(_ code: ServingError.Code) -> (Int, String) {
        switch code {
        case .malformedRequest, .unknownSignature, .unexpectedInput, .missingInput, .wrongType, .wrongShape,
            .badImage, .unavailableExtra, .remoteImagesRefused:
            (400, "INVALID_ARGUMENT")
        case .tooLarge: (413, "INVALID_ARGUMENT")
        case .modelNotFound: (404, "NOT_FOUND")
        case .modelRefused: (400, "FAILED_PRECONDITION")
        case .overloaded: (429, "RESOURCE_EXHAUSTED")
        case .deadlineExceeded: (504, "DEADLINE_EXCEEDED")
        case .closed: (503, "UNAVAILABLE")
        case .failed: (500, "INTERNAL")
        }
    }

    private static func pair(_ code: CatalogError.Code) -> (Int, String) {
        switch code {
        case .invalidArgument: (400, "INVALID_ARGUMENT")
        case .notFound: (404, "NOT_FOUND")
        case .alreadyExists: (409, "ALREADY_EXISTS")
        case .failedPrecondition: (400, "FAILED_PRECONDITION")
        case .aborted: (409, "ABORTED")
        case .unusable: (500, "INTERNAL")
        }
    }

    private static func pair(_ code: BucketError.Code) -> (Int, String) {
        switch code {
        case .invalidName, .invalidArgument, .wrongContent: (400, "INVALID_ARGUMENT")
        case .notOffered: (400, "FAILED_PRECONDITION")
        case .noSuchBucket, .noSuchObject, .noSuchUpload: (404, "NOT_FOUND")
        case .bucketExists: (409, "ALREADY_EXISTS")
        case .bucketNotEmpty: (409, "FAILED_PRECONDITION")
        case .superseded: (409, "ABORTED")
        case .conditionNotMet: (412, "FAILED_PRECONDITION")
        case .notModified: (304, "OK")
        case .badRange: (416, "OUT_OF_RANGE")
        case .tooLarge: (413, "INVALID_ARGUMENT")
        }
    }

    private static func pair(_ kind: FailureKind) -> (Int, String) {
        switch kind {
        case .invalidInput, .corrupt: (400, "INVALID_ARGUMENT")
        case .unsupported: (400, "FAILED_PRECONDITION")
        case .limitExceeded: (413, "INVALID_ARGUMENT")
        case .notFound: (404, "NOT_FOUND")
        case .conflict: (409, "ALREADY_EXISTS")
        case .environment: (500, "INTERNAL")
        }
    }

    private static func wait(_ http: Int) -> Int? { http == 429 || http == 503 ? 1 : nil }
}

/// How a family of routes words its errors.
enum ErrorShape: Sendable {
    /// `{"error": {"code": 404, "message": "…", "status": "NOT_FOUND"}}`
    case google
    /// `{"error": "…"}`
    case text
    /// The object for what is wrong with the place or the server, the text for what is wrong with the instances.
    case googlePrediction
    /// ``google`` with a list `errors`, each with the `reason` that clients of Cloud Storage look at.
    case storage
    /// Google's object with BigQuery's reason in it, which its clients go by.
    case bigQuery

    func reply(_ error: any Error) -> Reply {
        if self == .bigQuery { return BigQueryError(error).reply(to: error) }
        let status = Status(error)
        // Google's services know no 413.
        let http = status.http == 413 && self != .text && self != .storage ? 400 : status.http
        let isInstance = (error as? ServingError).map { $0.code != .overloaded && http < 500 } ?? false
        let body: JSONValue
        if self == .text || self == .googlePrediction && isInstance {
            body = .object([JSONMember("error", .string(status.message))])
        } else {
            var members = [
                JSONMember("code", .integer(Int64(http))), JSONMember("message", .string(status.message)),
                JSONMember("status", .string(status.name)),
            ]
            if self == .storage { members.append(JSONMember("errors", status.storageErrors)) }
            body = .object([JSONMember("error", .object(members))])
        }
        var reply = Reply(status: .init(code: http), body)
        if let seconds = status.retryAfter { reply.headers[.retryAfter] = "\(seconds)" }
        if let error = error as? ServerError {
            if !error.allowed.isEmpty { reply.headers[.allow] = error.allowed.joined(separator: ", ") }
            if error.code == .unauthenticated { reply.headers[.wwwAuthenticate] = error.challenge }
        }
        return reply
    }
}
