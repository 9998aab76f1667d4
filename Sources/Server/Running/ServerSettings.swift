public import Pipelines
public import Serving

/// How the server listens and what it allows.
public struct ServerSettings: Sendable {
    public var host = "127.0.0.1"
    /// Lightbox's own version, as pages show it.
    public var release = ""
    /// 0: any that is free.
    public var port = 8080
    /// Names and addresses that callers may use for this machine, beside its own: those of a proxy in front.
    public var trustedHosts: Set<String> = []
    /// Listens elsewhere than on this machine's own address without tokens or without encryption.
    public var allowsUnprotected = false
    /// PEM files: the certificates, the server's own first, and its key. Without them nothing is encrypted.
    public var encryption: (certificate: String, key: String)?

    /// Of a request's body, unpacked.
    public var maximumBody = 64 << 20
    /// Of the bodies of all requests under way.
    public var maximumBodies = 1 << 30
    public var maximumRequests = 4096
    /// Where the request names none.
    public var timeout = Duration.seconds(60)
    public var maximumTimeout = Duration.seconds(600)
    /// A connection on which nothing comes for so long is closed.
    public var idleTimeout = Duration.seconds(75)
    /// How long the server goes on answering, though `/readyz` says no, when it is asked to end: so long a proxy in front
    /// may take to notice.
    public var drainTime = Duration.zero
    /// What requests under way may take when the server stops.
    public var shutdownTime = Duration.seconds(30)

    public var models = ModelPool.Settings()
    public var request = RequestLimits()
    /// Where images that requests name by address may be fetched from; nowhere unless told.
    public var imagePlaces: [String] = []
    /// Folders whose pictures anybody who may read is shown beside a map's points; administrators are shown those of any.
    public var pictureFolders: [String] = []
    /// Points that a map may have.
    public var maximumMapPoints = 2_000_000
    /// What clients may do with the warehouse's tables.
    public var tables = TableSettings()
    /// Tables of known cases, by the model whose predictions they stand beside.
    public var cases: [String: CaseSource] = [:]
    /// Bytes of memory that the known cases of one model may take.
    public var maximumCases = 2 << 30
    /// How often a request looks whether their table was loaded anew.
    public var caseInterval = Duration.seconds(1)
    /// Whether jobs of the queue are worked on.
    public var runsJobs = true
    /// Models that are loaded at the start; others when they are first asked.
    public var preloaded: [String] = []
    /// Whether every request has its line in the log; otherwise those that failed.
    public var logsRequests = true

    public init() {}

    /// Whether callers come over TLS.
    public var isEncrypted: Bool { encryption != nil }

    /// Whether only this machine's own programs can reach it.
    public var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
}
