import WireFormats

extension Status {
    /// The list that Cloud Storage puts beside an error's words.
    var storageErrors: JSONValue {
        .array([
            .object([
                JSONMember("message", .string(message)), JSONMember("domain", .string("global")),
                JSONMember("reason", .string(storageReason)),
            ])
        ])
    }

    private var storageReason: String {
        switch http {
        case 401: "required"
        case 403: "forbidden"
        case 404: "notFound"
        case 405: "methodNotAllowed"
        case 409: "conflict"
        case 412: "conditionNotMet"
        case 413: "uploadTooLarge"
        case 416: "requestedRangeNotSatisfiable"
        case 429: "rateLimitExceeded"
        case 500: "internalError"
        case 503: "backendError"
        default: name == "FAILED_PRECONDITION" ? "notSupported" : "invalid"
        }
    }
}

extension ServerError {
    static let storageXML = ServerError(
        .notOffered,
        "Cloud Storage's XML interface is not offered, nor are its uploads in parts. Use resumable uploads: "
            + "blob.upload_from_filename, transfer_manager.upload_many.")
}
