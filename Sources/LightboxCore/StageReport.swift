/// What a stage did: counts, and every item it left out with the reason.
public struct StageReport: Sendable, Codable, Equatable {
    /// An item that the stage could not use.
    public struct Problem: Sendable, Codable, Equatable {
        /// A path, or a path with a position in it (`shard.tfrecord@1024`).
        public let source: String
        public let reason: String

        public init(source: String, reason: String) {
            self.source = RemoteFiles.shown(source)
            self.reason = RemoteFiles.shown(reason)
        }

        /// The error's text, without the source where it begins with that: a report shows both side by side.
        public init(source: String, error: any Error) {
            let source = RemoteFiles.shown(source)
            var text = RemoteFiles.shown(String(describing: error))
            for ending in [": ", " "] where text.hasPrefix(source + ending) {
                text = String(text.dropFirst(source.count + ending.count))
            }
            self.init(source: source, reason: text)
        }
    }

    /// What the stage is called: "import", "export", "embed".
    public let stage: String
    /// Items written by this run.
    public var written = 0
    /// Items found already done, and left alone.
    public var unchanged = 0
    public var problems: [Problem] = []
    /// Files and tables that hold the result.
    public var outputs: [String] = []

    public init(stage: String) { self.stage = stage }
}
