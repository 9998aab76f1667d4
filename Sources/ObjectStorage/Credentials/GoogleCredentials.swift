package import Foundation
import LightboxCore
import Synchronization
package import WireFormats

/// Tokens for Google Cloud Storage, from the places where Google's own clients look: the file that
/// `GOOGLE_APPLICATION_CREDENTIALS` names, the one that `gcloud auth application-default login` wrote, the machine's
/// service. What runs out is fetched anew five minutes before.
package final class GoogleCredentials: Sendable {
    private struct Token {
        var text: String
        var expires: Date
    }

    private enum Source {
        case file(JSONValue, path: String)
        case machine(String)
        case none
    }

    private let source: Source
    private let http: HTTPClient
    private let known = Mutex<Token?>(nil)
    private static let scope = "https://www.googleapis.com/auth/devstorage.read_write"

    package init(environment: [String: String], http: HTTPClient = HTTPClient()) throws {
        self.http = http
        let usual =
            (environment["CLOUDSDK_CONFIG"] ?? (environment["HOME"] ?? "/") + "/.config/gcloud")
            + "/application_default_credentials.json"
        let named = environment["GOOGLE_APPLICATION_CREDENTIALS"].flatMap { $0.isEmpty ? nil : $0 }
        if named != nil || FileManager.default.fileExists(atPath: usual) {
            let path = named ?? usual
            guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20,
                let json = try? JSONValue(parsing: Bytes(data))
            else { throw ObjectError(.noCredentials, at: path, "no JSON file with Google credentials.") }
            source = .file(json, path: path)
        } else if let host = environment["GCE_METADATA_HOST"] {
            source = .machine(host)
        } else {
            source = environment["NO_GCE_CHECK"] == "true" ? .none : .machine("metadata.google.internal")
        }
    }

    /// What goes behind `Bearer`.
    package func token() throws -> String {
        try known.withLock { known in
            if let known, known.expires.timeIntervalSinceNow > 300 { return known.text }
            let answer: HTTPAnswer
            let place: String
            switch source {
            case .file(let json, let path): (answer, place) = (try exchange(json, path), path)
            case .machine(let host): (answer, place) = (try fromMachine(host), host)
            case .none: throw Self.missing
            }
            guard answer.status == 200, let json = try? JSONValue(parsing: Bytes(answer.body)),
                let text = json["access_token"]?.string
            else { throw ObjectError(.noCredentials, at: place, "no token was given (\(answer.status)).") }
            let token = Token(text: text, expires: Date(timeIntervalSinceNow: json["expires_in"]?.double ?? 0))
            known = token
            return token.text
        }
    }

    private static let missing = ObjectError(
        .noCredentials, at: "gs",
        "no credentials. Set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run gcloud auth application-default login."
    )

    private func fromMachine(_ host: String) throws -> HTTPAnswer {
        var rules = CurlTransfer.Rules()
        (rules.seconds, rules.secondsToConnect) = (5, 1)
        var retries = RetryPolicy()
        retries.attempts = 2
        do {
            return try HTTPClient(retries: retries, rules: rules).send(at: host, limit: 64 << 10) { _ in
                HTTPRequest(
                    "http://\(host)/computeMetadata/v1/instance/service-accounts/default/token",
                    headers: [HTTPHeader("Metadata-Flavor", "Google")])
            }
        } catch { throw Self.missing }
    }

    /// A refresh token or a signed statement, for a token.
    private func exchange(_ json: JSONValue, _ path: String) throws -> HTTPAnswer {
        let form: [HTTPHeader]
        var url = "https://oauth2.googleapis.com/token"
        switch json["type"]?.string {
        case "authorized_user":
            guard let id = json["client_id"]?.string, let secret = json["client_secret"]?.string,
                let refresh = json["refresh_token"]?.string
            else { throw ObjectError(.noCredentials, at: path, "a refresh token or its client is missing.") }
            form = [
                HTTPHeader("client_id", id), HTTPHeader("client_secret", secret),
                HTTPHeader("refresh_token", refresh), HTTPHeader("grant_type", "refresh_token"),
            ]
        case "service_account":
            url = json["token_uri"]?.string ?? url
            guard
                url.hasPrefix("https://") || url.hasPrefix("http://127.0.0.1:")
                    || url.hasPrefix("http://localhost:")
            else { throw ObjectError(.noCredentials, at: path, "token_uri is no https address.") }
            form = [
                HTTPHeader("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                HTTPHeader("assertion", try Self.statement(json, for: url, path: path, at: Date())),
            ]
        default:
            throw ObjectError(
                .noCredentials, at: path,
                "of Google's kinds of credentials, service_account and authorized_user are read.")
        }
        let body = Bytes(RequestSignature.text(of: form).utf8)
        return try http.send(at: path, limit: 64 << 10) { _ in
            HTTPRequest(
                "POST", url, headers: [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")], body: body
            )
        }
    }

    /// RFC 7523: who asks, for what, until when, signed with the account's key.
    package static func statement(_ json: JSONValue, for url: String, path: String, at date: Date) throws -> String
    {
        guard let account = json["client_email"]?.string, let pem = json["private_key"]?.string,
            let key = PrivateKeySignature(pem: pem)
        else { throw ObjectError(.noCredentials, at: path, "client_email or a usable private_key is missing.") }
        let now = Int64(date.timeIntervalSince1970)
        var head = [JSONMember("alg", .string("RS256")), JSONMember("typ", .string("JWT"))]
        if let id = json["private_key_id"]?.string { head.append(JSONMember("kid", .string(id))) }
        let claims: [JSONMember] = [
            JSONMember("iss", .string(account)), JSONMember("scope", .string(scope)),
            JSONMember("aud", .string(url)),
            JSONMember("iat", .integer(now)), JSONMember("exp", .integer(now + 3600)),
        ]
        let text =
            try base64(JSONValue.object(head).serialized()) + "." + base64(JSONValue.object(claims).serialized())
        guard let signature = key.signature(of: Array(text.utf8)) else {
            throw ObjectError(.noCredentials, at: path, "the private key cannot sign.")
        }
        return text + "." + base64(signature)
    }

    /// Of the alphabet for addresses, without filling.
    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}
