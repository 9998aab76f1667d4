import Foundation
import LightboxCore
import Synchronization
import WireFormats

/// Finds the key pair in the places where Amazon's own programs look: environment, profile, the container's service,
/// the machine's service. What runs out is fetched anew five minutes before.
package final class AWSCredentialChain: Sendable {
    private let environment: [String: String]
    private let profile: AWSProfile
    private let known = Mutex<AWSCredentials?>(nil)
    private let http: HTTPClient

    package init(environment: [String: String]) {
        self.environment = environment
        let home = environment["HOME"] ?? "/"
        func text(_ variable: String, _ usual: String) -> String {
            (try? String(contentsOfFile: environment[variable] ?? home + usual, encoding: .utf8)) ?? ""
        }
        profile = AWSProfile(
            name: environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default",
            credentials: text("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"),
            configuration: text("AWS_CONFIG_FILE", "/.aws/config"))
        var rules = CurlTransfer.Rules()
        (rules.seconds, rules.secondsToConnect) = (5, 1)
        var retries = RetryPolicy()
        retries.attempts = 2
        http = HTTPClient(retries: retries, rules: rules)
    }

    /// From the environment or the profile; nil when neither says.
    package var region: String? {
        [environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"], profile.values["region"]]
            .compactMap { $0 }.first { !$0.isEmpty }
    }

    /// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, or `endpoint_url` of the profile.
    package var endpoint: String? {
        [environment["AWS_ENDPOINT_URL_S3"], environment["AWS_ENDPOINT_URL"], profile.values["endpoint_url"]]
            .compactMap { $0 }.first { !$0.isEmpty }
    }

    /// - Throws: ``ObjectError`` that lists the places when there is none anywhere.
    package func credentials() throws -> AWSCredentials {
        try known.withLock { known in
            if let known, known.expires.map({ $0.timeIntervalSinceNow > 300 }) ?? true { return known }
            let found = try find()
            known = found
            return found
        }
    }

    private func find() throws -> AWSCredentials {
        if let access = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"],
            !access.isEmpty, !secret.isEmpty
        {
            return AWSCredentials(
                accessKey: access, secretKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
        }
        if let found = profile.credentials { return found }
        if let found = try fromContainer() { return found }
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true", let found = try? fromMachine() {
            return found
        }
        throw ObjectError(
            .noCredentials, at: "s3",
            "no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials "
                + "(AWS_PROFILE names it).")
    }

    /// Of ECS and EKS: only over TLS, from this machine, or from the two addresses that such services have.
    private func fromContainer() throws -> AWSCredentials? {
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], path.hasPrefix("/") {
            url = "http://169.254.170.2" + path
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            let hosts = ["169.254.170.2", "169.254.170.23", "127.0.0.1", "localhost", "[fd00:ec2::23]", "[::1]"]
            guard full.hasPrefix("https://") || hosts.contains(where: { Self.is(full, at: $0) }) else {
                throw ObjectError(
                    .noCredentials, at: "AWS_CONTAINER_CREDENTIALS_FULL_URI", "the address is not one to trust.")
            }
            url = full
        } else {
            return nil
        }
        var headers: [HTTPHeader] = []
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            token = try? String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
        }
        if let token, !token.isEmpty { headers.append(HTTPHeader("Authorization", token)) }
        return try answered(HTTPRequest(url, headers: headers), at: "the container's credentials")
    }

    private static func `is`(_ url: String, at host: String) -> Bool {
        url == "http://" + host || url.hasPrefix("http://\(host)/") || url.hasPrefix("http://\(host):")
    }

    /// Of EC2, version 2: with a token that is asked for first.
    private func fromMachine() throws -> AWSCredentials? {
        let base = (environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254") + "/latest/"
        let lifetime = HTTPHeader("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        let token = try http.send(at: "the machine's credentials", limit: 4096) { _ in
            HTTPRequest("PUT", base + "api/token", headers: [lifetime], body: .empty)
        }
        guard token.status == 200 else { return nil }
        let proof = [HTTPHeader("X-aws-ec2-metadata-token", String(decoding: token.body, as: UTF8.self))]
        let list = base + "meta-data/iam/security-credentials/"
        let roles = try http.send(at: "the machine's credentials", limit: 4096) { _ in
            HTTPRequest(list, headers: proof)
        }
        let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
        guard roles.status == 200, let role else { return nil }
        return try answered(
            HTTPRequest(list + PercentEncoding.encode(role), headers: proof), at: "the machine's credentials")
    }

    private func answered(_ request: HTTPRequest, at place: String) throws -> AWSCredentials {
        let answer = try http.send(at: place, limit: 64 << 10) { _ in request }
        guard answer.status == 200, let json = try? JSONValue(parsing: Bytes(answer.body)),
            let access = json["AccessKeyId"]?.string, let secret = json["SecretAccessKey"]?.string
        else {
            throw ObjectError(.noCredentials, at: place, "the service answers \(answer.status), without a key.")
        }
        let expires = json["Expiration"]?.string.flatMap(Timestamp.iso)
        return AWSCredentials(
            accessKey: access, secretKey: secret, sessionToken: json["Token"]?.string, expires: expires)
    }
}
