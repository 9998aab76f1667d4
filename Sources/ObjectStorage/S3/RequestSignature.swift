package import Foundation
import LightboxCore

/// Amazon's signature of a request, version 4, over every header and the body's SHA-256.
///
/// The body is always hashed, over TLS too: what arrives is then what was signed, whatever lies between.
package struct RequestSignature: Sendable {
    package var credentials: AWSCredentials
    package var region: String
    package var service = "s3"

    package init(_ credentials: AWSCredentials, region: String, service: String = "s3") {
        (self.credentials, self.region, self.service) = (credentials, region, service)
    }

    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// The request with its date, hash, token and `Authorization`.
    ///
    /// - Parameters:
    ///   - host: as it stands in the address, without a port that is the scheme's own.
    ///   - path: escaped, from the slash on.
    ///   - query: names and values, not escaped.
    package func signed(
        _ request: HTTPRequest, host: String, path: String, query: [HTTPHeader], at date: Date
    ) -> HTTPRequest {
        var request = request
        let hash = request.body.map { $0.withUnsafeBytes { ContentHash(of: $0).description } } ?? Self.emptyHash
        let time = Timestamp.compact(date)
        request.headers += [HTTPHeader("x-amz-content-sha256", hash), HTTPHeader("x-amz-date", time)]
        if let token = credentials.sessionToken {
            request.headers.append(HTTPHeader("x-amz-security-token", token))
        }
        let signedHeaders = (request.headers + [HTTPHeader("host", host)])
            .map { (name: $0.name.lowercased(), value: Self.folded($0.value)) }.sorted { $0.name < $1.name }
        let names = signedHeaders.map(\.name).joined(separator: ";")
        let canonical = [
            request.method, path, Self.text(of: query),
            signedHeaders.map { "\($0.name):\($0.value)\n" }.joined(), names, hash,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = ["AWS4-HMAC-SHA256", time, scope, ContentHash(of: canonical.utf8).description]
        let signature = Self.hex(
            KeyedHash(key: key(for: day)).hash(of: toSign.joined(separator: "\n").utf8))
        request.headers.append(
            HTTPHeader(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), "
                    + "Signature=\(signature)"))
        return request
    }

    /// Sorted by name, then value, both escaped.
    package static func text(of query: [HTTPHeader]) -> String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }.sorted(by: <)
            .map { "\($0)=\($1)" }.joined(separator: "&")
    }

    private func key(for day: String) -> [UInt8] {
        [region, service, "aws4_request"].reduce(
            KeyedHash(key: Array(("AWS4" + credentials.secretKey).utf8)).hash(of: day.utf8)
        ) { KeyedHash(key: $0).hash(of: $1.utf8) }
    }

    private static func folded(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
