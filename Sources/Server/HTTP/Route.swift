public import Catalog
public import HTTPTypes

/// One thing that the server does: where it is asked for, and what answers.
///
/// All routes stand in one table, from which requests find their handler and `/openapi.json` is written.
public struct Route: Sendable {
    /// What a caller must be allowed to.
    public typealias Role = AccessRole

    /// The surface that a route belongs to, which decides how errors look.
    public enum Family: String, Sendable, CaseIterable {
        case google = "Google ml v1"
        case healthcare = "Google healthcare v1"
        case storage = "Google Cloud Storage v1"
        case tensorFlow = "TensorFlow Serving"
        case inferenceProtocol = "Open Inference Protocol v2"
        case dicomWeb = "DICOMweb"
        case bigQuery = "BigQuery v2"
        case own = "Lightbox"
        case page = "Pages"
    }

    public typealias Handler = @Sendable (Call) async throws -> Reply

    public let method: HTTPRequest.Method
    /// `/v1/projects/{project}/models/{model}:predict`: names in braces stand for one part each; a last `{path*}` stands
    /// for all that comes, with ``Call/rest``.
    public let template: String
    public let family: Family
    public let role: Role
    /// Whether everybody may ask, also without a token.
    public var isOpen = false
    /// Whether the handler reads the body itself, as it comes and without the limit, from `Call.stream`.
    public var streamsBody = false
    /// What it does, in one line.
    public let summary: String
    public var description: Description
    public let handler: Handler

    /// What the OpenAPI document says beside the path.
    public struct Description: Sendable {
        /// Parameters behind the `?`, with what they mean.
        public var query: [(name: String, text: String)] = []
        /// The name of the body's schema; nil without a body.
        public var body: String?
        /// The name of the answer's schema.
        public var answer: String?
        /// Of the answer.
        public var mediaType = "application/json"

        public init(
            query: [(name: String, text: String)] = [], body: String? = nil, answer: String? = nil,
            mediaType: String = "application/json"
        ) {
            self.query = query
            self.body = body
            self.answer = answer
            self.mediaType = mediaType
        }
    }

    public init(
        _ method: HTTPRequest.Method, _ template: String, _ family: Family, _ role: Role, _ summary: String,
        _ description: Description = Description(), handler: @escaping Handler
    ) {
        self.method = method
        self.template = template
        self.family = family
        self.role = role
        self.summary = summary
        self.description = description
        self.handler = handler
    }

    /// The template's parts, and the verb behind the last one's `:`.
    var parts: (segments: [Substring], verb: Substring) {
        var segments = template.split(separator: "/")
        guard let last = segments.last, let colon = last.lastIndex(of: ":") else { return (segments, "") }
        segments[segments.count - 1] = last[..<colon]
        return (segments, last[last.index(after: colon)...])
    }

    /// The same for everybody, also without a token.
    var open: Route {
        var route = self
        route.isOpen = true
        return route
    }

    /// The same, with the body left to the handler.
    var streaming: Route {
        var route = self
        route.streamsBody = true
        return route
    }

    /// Whether people look at its answers.
    var isPage: Bool { family == .page && description.mediaType == "text/html" }

    var errors: ErrorShape {
        switch family {
        case .google: parts.verb == "predict" ? .googlePrediction : .google
        case .storage: .storage
        case .tensorFlow, .inferenceProtocol: .text
        case .bigQuery: .bigQuery
        case .healthcare, .dicomWeb, .own, .page: .google
        }
    }
}

/// Routes that belong together.
public protocol RouteGroup: Sendable {
    var routes: [Route] { get }
}
