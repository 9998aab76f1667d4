import Foundation
public import LightboxCore

/// The places that settings and environment name, each made when first asked for.
///
/// `s3://` and `gs://` are real places once one is named: by an endpoint or a provider in the settings, or by
/// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` and `STORAGE_EMULATOR_HOST`; else they are folders of the home.
public final class ObjectStores: Sendable {
    public let s3: (any ObjectPlace)?
    public let gs: (any ObjectPlace)?
    package let web: WebReader
    /// Where each scheme goes, for people: `s3: https://minio.example.org:9000`.
    public let endpoints: [(scheme: ObjectName.Scheme, address: String)]

    /// - Throws: ``ObjectError`` for an endpoint that is no address, or credentials that cannot be read.
    public init(
        _ settings: HomeSettings.Storage, environment: [String: String], retries: RetryPolicy = RetryPolicy()
    ) throws {
        let http = HTTPClient(retries: retries)
        web = WebReader(http: http)
        var endpoints: [(ObjectName.Scheme, String)] = []
        s3 = try Self.s3(settings.s3, environment, http) { endpoints.append((.s3, $0)) }
        gs = try Self.gs(settings.gs, environment, http) { endpoints.append((.gs, $0)) }
        self.endpoints = endpoints
    }

    /// Whether a real place is named for a scheme.
    public static func isReal(
        _ scheme: ObjectName.Scheme, _ settings: HomeSettings.Storage, environment: [String: String]
    ) -> Bool {
        let service = scheme == .s3 ? settings.s3 : settings.gs
        if let local = service.local { return !local }
        let variables = scheme == .s3 ? ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] : ["STORAGE_EMULATOR_HOST"]
        return !service.isLocal || variables.contains { environment[$0]?.isEmpty == false }
    }

    public func place(of scheme: ObjectName.Scheme) -> (any ObjectPlace)? { scheme == .s3 ? s3 : gs }

    private static func s3(
        _ settings: HomeSettings.Service, _ environment: [String: String], _ http: HTTPClient,
        tell: (String) -> Void
    ) throws -> (any ObjectPlace)? {
        var storage = HomeSettings.Storage()
        storage.s3 = settings
        guard isReal(.s3, storage, environment: environment) else { return nil }
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
        tell(address?.origin ?? "https://s3.\(region).amazonaws.com")
        return S3Place(S3Endpoint(address: address, region: region), http: http) { try chain.credentials() }
    }

    private static func gs(
        _ settings: HomeSettings.Service, _ environment: [String: String], _ http: HTTPClient,
        tell: (String) -> Void
    ) throws -> (any ObjectPlace)? {
        var storage = HomeSettings.Storage()
        storage.gs = settings
        guard isReal(.gs, storage, environment: environment) else { return nil }
        let emulator = environment["STORAGE_EMULATOR_HOST"].flatMap { $0.isEmpty ? nil : $0 }
        if settings.endpoint == nil, let emulator {
            // Google's clients take both a host and an address.
            let address = try endpoint(emulator.contains("://") ? emulator : "http://" + emulator)
            tell(address.origin)
            return GooglePlace(origin: address.origin, http: http, token: nil)
        }
        let address = try endpoint(settings.endpoint ?? "https://storage.googleapis.com")
        tell(address.origin)
        let credentials = try GoogleCredentials(environment: environment, http: http)
        // Tokens travel only under TLS; an address without it is an emulator's.
        guard address.origin.hasPrefix("https://") else {
            return GooglePlace(origin: address.origin, http: http, token: nil)
        }
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
