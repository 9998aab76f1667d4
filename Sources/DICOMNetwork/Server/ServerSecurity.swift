import NIOCore
import NIOSSL

/// TLS for those who call.
struct ServerSecurity: Sendable {
    private let context: NIOSSLContext

    init(_ security: DICOMSecurity) throws {
        guard let chain = security.certificateChain, let key = security.privateKey else {
            throw DICOMNetworkError(
                .secureConnectionFailed, "TLS", "A server needs a certificate and its private key.")
        }
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
            if security.requiresPeerCertificate {
                configuration.certificateVerification = .noHostnameVerification
                if let roots = security.trustRoots {
                    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(roots.utf8)))
                }
            }
            configuration.minimumTLSVersion = .tlsv12
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw DICOMNetworkError(.secureConnectionFailed, "TLS", "The certificate or key is unusable: \(error)")
        }
    }

    func handler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}
