import Catalog
import GoogleSQL
import HTTPTypes
import LightboxCore
import Warehouse
import WireFormats

/// An error as BigQuery's clients know it: its `reason` decides what they raise and whether they try again.
struct BigQueryError: Error, Sendable, Equatable {
    let http: Int
    let reason: String
    let message: String

    init(_ http: Int, _ reason: String, _ message: String) {
        (self.http, self.reason, self.message) = (http, reason, message)
    }

    static func notFound(_ what: String) -> BigQueryError { .init(404, "notFound", "Not found: \(what)") }
    static func duplicate(_ what: String) -> BigQueryError { .init(409, "duplicate", "Already Exists: \(what)") }
    static func invalid(_ words: String) -> BigQueryError { .init(400, "invalid", words) }

    /// The table of cloud.google.com/bigquery/docs/error-messages for our own errors. What is not in it stays in the log.
    init(_ error: any Error) {
        switch error {
        case let error as BigQueryError: self = error
        case let error as GoogleSQLError:
            self =
                error.code == .noSuchTable
                ? .init(404, "notFound", error.description) : .init(400, "invalidQuery", error.description)
        case let error as WarehouseError: self = Self.of(error)
        default:
            let status = Status(error)
            let reasons = [
                401: "authError", 403: "accessDenied", 404: "notFound", 409: "duplicate", 429: "rateLimitExceeded",
                500: "internalError", 503: "backendError",
            ]
            self.init(status.http, reasons[status.http] ?? "invalid", status.message)
        }
    }

    private static func of(_ error: WarehouseError) -> BigQueryError {
        switch error.code {
        case .noSuchTable: .init(404, "notFound", error.description)
        case .tableExists: .init(409, "duplicate", "Already Exists: \(error.description)")
        case .timeLimit: .init(400, "timeout", error.description)
        case .cancelled: .init(499, "stopped", "Job execution was cancelled: User requested cancellation")
        case .changed: .init(409, "conditionNotMet", error.description)
        case .busy: .init(503, "backendError", error.description)
        case .storage: .init(500, "internalError", "The warehouse failed. The server's log says more.")
        case .readOnly, .noSuchColumn, .invalidSQL: .init(400, "invalidQuery", error.description)
        case .typeMismatch, .malformed, .invalidName: .init(400, "invalid", error.description)
        }
    }

    /// `{"reason": …, "message": …}`, as it stands in jobs.
    var value: JSONValue {
        .object([
            JSONMember("message", .string(message)), JSONMember("domain", .string("global")),
            JSONMember("reason", .string(reason)),
        ])
    }

    /// The answer to a request that failed.
    func reply(to error: any Error) -> Reply {
        let names = [
            401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
            429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 503: "UNAVAILABLE",
        ]
        let body = JSONValue.object([
            JSONMember("code", .integer(Int64(http))), JSONMember("message", .string(message)),
            JSONMember("errors", .array([value])),
            JSONMember("status", .string(names[http] ?? "INVALID_ARGUMENT")),
        ])
        var reply = Reply(status: .init(code: http), .object([JSONMember("error", body)]))
        if http == 429 || http == 503 { reply.headers[.retryAfter] = "1" }
        if let error = error as? ServerError {
            if !error.allowed.isEmpty { reply.headers[.allow] = error.allowed.joined(separator: ", ") }
            if error.code == .unauthenticated { reply.headers[.wwwAuthenticate] = error.challenge }
        }
        return reply
    }
}
