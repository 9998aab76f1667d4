/// How much of a file is read.
public struct ReadOptions: Sendable {
    /// Ends before the first of the three pixel data elements, so that only the metadata is touched.
    public var stopsBeforePixelData: Bool
    public var limits: ReadLimits

    public init(stopsBeforePixelData: Bool = false, limits: ReadLimits = ReadLimits()) {
        self.stopsBeforePixelData = stopsBeforePixelData
        self.limits = limits
    }
}

/// Bounds on what a file may cost, so that a malicious one costs no more than a large honest one.
public struct ReadLimits: Sendable {
    /// Sequences within sequences.
    public var maxDepth: Int
    /// Elements, items and fragments in all; each takes some 50 bytes of memory beside its value.
    public var maxElements: Int
    /// Bytes of a data set that is deflated in the file.
    public var maxInflatedBytes: Int

    public init(maxDepth: Int = 64, maxElements: Int = 4_000_000, maxInflatedBytes: Int = 1 << 29) {
        self.maxDepth = maxDepth
        self.maxElements = maxElements
        self.maxInflatedBytes = maxInflatedBytes
    }
}
