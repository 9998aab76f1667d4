/// What a model's folder may hold at most.
public struct ModelLimits: Sendable, Hashable {
    public var manifestBytes = 16 << 20
    public var files = 10_000
    /// Of all files together.
    public var totalBytes = 64 << 30

    public init() {}
}
