import Foundation
public import LightboxCore

/// The places that settings and environment name, each made when first asked for.
///
/// `s3://` and `gs://` are real places once the settings name one; else they are folders of the home.
public final class ObjectStores: Sendable {
    public let s3: (any ObjectPlace)?
    public let gs: (any ObjectPlace)?
    package let web: WebReader
    public let endpoints: [Endpoint]

    /// Where a scheme's addresses go.
    public struct Endpoint: Sendable {
        public let scheme: ObjectName.Scheme
        /// `https://minio.example.org:9000`.
        public let address: String
        fileprivate let credentials: @Sendable () throws -> Void

        /// - Throws: ``ObjectError`` when there are no credentials, or nothing answers there.
        public func check() throws {
            try credentials()
            var retries = RetryPolicy()
            retries.attempts = 2
            var rules = CurlTransfer.Rules()
            (rules.seconds, rules.secondsToConnect) = (10, 5)
            _ = try HTTPClient(retries: retries, rules: rules).send(at: address) { _ in HTTPRequest(address) }
        }
    }

    /// - Throws: ``ObjectError`` for an endpoint that is no address, or credentials that cannot be read.
    public init(
        _ settings: HomeSettings.Storage, environment: [String: String], retries: RetryPolicy = RetryPolicy()
    ) throws {
        let http = HTTPClient(retries: retries)
        web = WebReader(http: http)
        var endpoints: [Endpoint] = []
        s3 = try Self.s3(settings.s3, environment, http) { endpoints.append($0) }
        gs = try Self.gs(settings.gs, environment, http) { endpoints.append($0) }
        self.endpoints = endpoints
    }

    public func place(of scheme: ObjectName.Scheme) -> (any ObjectPlace)? { scheme == .s3 ? s3 : gs }

    private static func s3(
        _ settings: HomeSettings.Service, _ environment: [String: String], _ http: HTTPClient,
        tell: (Endpoint) -> Void
    ) throws -> (any ObjectPlace)? {
        guard !settings.isLocal else { return nil }
        var environment = environment
        if let profile = settings.profile { environment["AWS_PROFILE"] = profile }
        // A profile that the settings name goes before keys that happen to be in the environment.
        if settings.profile != nil { environment["AWS_ACCESS_KEY_ID"] = nil }
        let chain = AWSCredentialChain(environment: environment)
        let isAmazon = settings.endpoint == nil && settings.provider == "aws" && chain.endpoint == nil
        let text =
            settings.endpoint
            ?? (settings.provider == "google" ? "https://storage.googleapis.com" : chain.endpoint)
        guard isAmazon || text != nil else {
            throw ObjectError(
                .invalidAddress, at: "storage.s3", "give an endpoint, or provider = \"aws\".")
        }
        let address = try text.map(endpoint)
        let region = settings.region ?? chain.region ?? (settings.provider == "google" ? "auto" : "us-east-1")
        let shown = address?.origin ?? "https://s3.\(region).amazonaws.com"
        tell(Endpoint(scheme: .s3, address: shown) { _ = try chain.credentials() })
        return S3Place(S3Endpoint(address: address, region: region), http: http) { try chain.credentials() }
    }

    private static func gs(
        _ settings: HomeSettings.Service, _ environment: [String: String], _ http: HTTPClient,
        tell: (Endpoint) -> Void
    ) throws -> (any ObjectPlace)? {
        guard !settings.isLocal else { return nil }
        let address = try endpoint(settings.endpoint ?? "https://storage.googleapis.com")
        // Tokens travel only under TLS; an address without it is an emulator's.
        guard address.origin.hasPrefix("https://") else {
            tell(Endpoint(scheme: .gs, address: address.origin) {})
            return GooglePlace(origin: address.origin, http: http, token: nil)
        }
        let credentials = try GoogleCredentials(environment: environment, http: http)
        tell(Endpoint(scheme: .gs, address: address.origin) { _ = try credentials.token() })
        return GooglePlace(origin: address.origin, http: http) { try credentials.token() }
    }

    private static func endpoint(_ text: String) throws -> WebAddress {
        guard let address = try? WebAddress(text), !address.url.contains("?") else {
            throw ObjectError(
                .invalidAddress, at: "the storage's endpoint", "give http://HOST:PORT or https://HOST.")
        }
        return address
    }
}
