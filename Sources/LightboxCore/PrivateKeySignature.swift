import CCrypto
import Foundation

/// Signatures by an RSA key over SHA-256 (RFC 8017, PKCS #1 v1.5): `RS256` of JSON Web Tokens.
package final class PrivateKeySignature {
    private let key: OpaquePointer

    /// - Parameter pem: a PKCS #8 key between `-----BEGIN PRIVATE KEY-----` and its end; nil for any other text.
    package init?(pem: String) {
        let lines = pem.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard
            let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN") && $0.hasSuffix("PRIVATE KEY-----") }
            ),
            let last = lines[first...].firstIndex(where: { $0.hasPrefix("-----END") }),
            let der = Data(base64Encoded: lines[(first + 1)..<last].joined())
        else { return nil }
        let read = der.withUnsafeBytes { bytes -> OpaquePointer? in
            var start = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_AutoPrivateKey(nil, &start, bytes.count)
        }
        guard let read else { return nil }
        key = read
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
            EVP_PKEY_free(key)
            return nil
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// nil when OpenSSL refuses the key.
    package func signature(of message: [UInt8]) -> [UInt8]? {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var count = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { return nil }
        return Array(signature[..<count])
    }
}
