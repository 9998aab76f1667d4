public import HTTPTypes
public import Hummingbird
import LightboxCore
public import NIOCore
public import WireFormats

/// What a handler answers.
public struct Reply: Sendable {
    public enum Content: Sendable {
        case bytes(ByteBuffer)
        /// Written as it comes to be.
        case stream(ResponseBody)
    }

    public var status: HTTPResponse.Status
    public var headers: HTTPFields
    public var content: Content
    /// That were predicted for, for the audit log.
    public var instances: Int?
    /// The token that was shown in the request's body, for the audit log.
    var signedIn: String?

    /// Bytes of a media type.
    public init(status: HTTPResponse.Status = .ok, _ bytes: [UInt8], type: String) {
        self.status = status
        headers = [.contentType: type]
        content = .bytes(ByteBuffer(bytes: bytes))
    }

    /// A JSON document.
    ///
    /// - Precondition: every number in it is finite.
    public init(status: HTTPResponse.Status = .ok, _ value: JSONValue) {
        let bytes = (try? value.serialized()) ?? Array(#"{"error": "a number is not finite"}"#.utf8)
        self.init(status: status, json: bytes)
    }

    /// A JSON document that is written already.
    public init(status: HTTPResponse.Status = .ok, json: [UInt8]) {
        self.init(status: status, json, type: "application/json; charset=UTF-8")
    }

    /// A stream that ends when `write` does.
    public init(
        stream type: String, _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) {
        status = .ok
        headers = [.contentType: type, .cacheControl: "no-store"]
        content = .stream(
            ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            })
    }

    /// What another part of the program has put together.
    init(status: HTTPResponse.Status, headers: HTTPFields, _ content: Content) {
        (self.status, self.headers, self.content) = (status, headers, content)
    }

    /// `{}`
    public static var empty: Reply { Reply(.object([])) }

    /// The same without a body, for HEAD.
    var withoutBody: Reply {
        var reply = self
        switch content {
        case .bytes(let bytes): reply.headers[.contentLength] = "\(bytes.readableBytes)"
        case .stream(let body): reply.headers[.contentLength] = body.contentLength.map { "\($0)" }
        }
        reply.content = .bytes(ByteBuffer())
        return reply
    }
}
