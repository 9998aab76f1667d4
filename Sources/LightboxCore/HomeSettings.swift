/// What is set for a home folder: where its tables stand, and where objects are kept.
///
/// Plain values; who reads them from a file or the environment stands above.
public struct HomeSettings: Sendable, Hashable {
    /// `postgres://USER@HOST/DATABASE?schema=NAME`; nil for SQLite files in the home. May hold a password.
    public var database: String?
    public var storage = Storage()
    /// `s3://BUCKET/PREFIX`: where the files stand that servers share; nil for folders of the home.
    public var files: String?
    /// Bytes that copies of objects may take; nil for the usual.
    public var cacheBytes: Int?

    public init(database: String? = nil) { self.database = database }

    /// Object storage by the scheme of its addresses.
    public struct Storage: Sendable, Hashable {
        /// Of `s3://` addresses.
        public var s3 = Service()
        /// Of `gs://` addresses.
        public var gs = Service()

        public init() {}
    }

    /// One service that keeps objects.
    public struct Service: Sendable, Hashable {
        /// `https://storage.example.org:9000`; nil for the provider's own.
        public var endpoint: String?
        public var region: String?
        /// Of the user's credentials file.
        public var profile: String?
        /// A public service by its name: `aws`, `google`.
        public var provider: String?
        /// Whether buckets are folders of the home; nil to let the other settings say.
        public var local: Bool?

        public init() {}

        /// Whether buckets are folders of the home: so it is until a service is named.
        public var isLocal: Bool { local ?? (endpoint == nil && provider == nil) }
    }
}

// The database's address may hold a password, so that no part of it is ever printed.
extension HomeSettings: CustomStringConvertible, CustomReflectable {
    public var description: String { database == nil ? "SQLite" : "PostgreSQL" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
