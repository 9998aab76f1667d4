import Foundation
import LightboxCore
import NIOSSL

/// TLS as the server speaks it: 1.2 or newer, with the certificate of two PEM files.
enum Encryption {
    /// - Throws: ``EncryptionError``, naming the file.
    static func configuration(_ files: (certificate: String, key: String)) throws -> TLSConfiguration {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw EncryptionError(file: files.certificate, holds: "certificates")
        }
        guard !certificates.isEmpty else { throw EncryptionError(file: files.certificate, holds: "certificates") }
        guard let key = try? NIOSSLPrivateKey(file: files.key, format: .pem) else {
            throw EncryptionError(file: files.key, holds: "an unlocked private key")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // A key of another certificate shows here, not at the first caller.
        guard (try? NIOSSLContext(configuration: configuration)) != nil else {
            throw EncryptionError(file: files.key, holds: "the key of \(files.certificate)")
        }
        return configuration
    }
}

/// A certificate or a key that cannot be used.
struct EncryptionError: Failure, Equatable {
    let file: String
    /// What should be in the file.
    let holds: String

    var kind: FailureKind { FileManager.default.fileExists(atPath: file) ? .invalidInput : .notFound }
    var description: String {
        kind == .notFound
            ? "\(file): there is no such file." : "\(file): this does not hold \(holds) in PEM. Give another file."
    }
}
