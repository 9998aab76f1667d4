/// Where another application listens.
public struct DICOMEndpoint: Sendable, Hashable, CustomStringConvertible {
    public var title: AETitle
    public var host: String
    public var port: Int
    /// TLS when not nil.
    public var security: DICOMSecurity?

    public init(title: AETitle, host: String, port: Int, security: DICOMSecurity? = nil) {
        self.title = title
        self.host = host
        self.port = port
        self.security = security
    }

    public var description: String { "\(title) at \(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// TLS with certificates (PS3.15 annex B.1): versions 1.2 and 1.3.
public struct DICOMSecurity: Sendable, Hashable {
    /// PEM, one's own certificate first; nil for a caller without one.
    public var certificateChain: String?
    /// PEM.
    public var privateKey: String?
    /// PEM, whom to trust; nil for those that the system trusts.
    public var trustRoots: String?
    /// Whether the other side has to show a certificate that is trusted; a caller always asks for one.
    public var requiresPeerCertificate = true
    /// Whether the certificate has to be made out for the host's name that was called.
    public var verifiesHostname = true

    public init(certificateChain: String? = nil, privateKey: String? = nil, trustRoots: String? = nil) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.trustRoots = trustRoots
    }
}

extension DICOMServer {
    /// All that a server goes by.
    public struct Configuration: Sendable {
        public var title: AETitle
        /// Only this machine by default.
        public var host = "127.0.0.1"
        /// 0 for any free one.
        public var port = 11112
        /// Whether callers that ask for another title than ours are served; most senders are set up carelessly.
        public var answersToAnyTitle = true
        /// Who may ask for what; the first rule that covers a caller counts, and one that none covers is refused.
        public var peers: [PeerRule] = [PeerRule()]
        /// Where C-MOVE may send instances, and where storage commitments are reported.
        public var destinations: [DICOMEndpoint] = []
        public var limits = Limits()
        public var timeouts = NetworkTimeouts()
        /// TLS when not nil.
        public var security: DICOMSecurity?

        public init(title: AETitle) { self.title = title }
    }

    /// Bounds on what callers may take up.
    public struct Limits: Sendable, Hashable {
        /// At the same time; each has a thread.
        public var associations = 64
        /// At the same time from one address.
        public var associationsPerPeer = 32
        /// Connections that have not asked for an association yet, from one address.
        public var silentConnectionsPerPeer = 64
        /// Connections in all.
        public var connections = 512
        /// Bytes of the P-DATA PDUs that are taken.
        public var pduLength = 1 << 17
        /// Bytes of one instance.
        public var instanceBytes = 8 << 30
        /// Bytes of a query or of a request for storage commitment.
        public var identifierBytes = 8 << 20
        /// Messages under way at once on an association that asks for more than one.
        public var window = 16
        /// Answers to one query; more are cut off with a status that says so.
        public var matches = 100_000

        public init() {}
    }
}
