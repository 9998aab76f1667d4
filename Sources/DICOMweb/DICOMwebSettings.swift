/// How a DICOMweb service behaves where the standard and Google's service differ, and what it takes.
public struct DICOMwebSettings: Sendable, Hashable, Codable {
    public enum Flavour: String, Sendable, Hashable, Codable {
        /// PS3.18.
        case standard
        /// The `dicomWeb` paths of Google's `healthcare` v1, as published.
        case google
    }

    public var flavour: Flavour
    /// Bytes of one part of a stored body: one instance, or one bulk value.
    public var largestPart: Int
    /// Bytes of DICOM JSON in one stored body, which is read into memory.
    public var largestJSON: Int
    /// Bytes that a packed stored body may have unpacked: a small one could fill the disk.
    public var largestUnpacked: Int
    /// Parts in one stored body.
    public var mostParts: Int

    public init(
        flavour: Flavour = .standard, largestPart: Int = 16 << 30, largestJSON: Int = 64 << 20,
        largestUnpacked: Int = 1 << 30, mostParts: Int = 100_000
    ) {
        self.flavour = flavour
        self.largestPart = largestPart
        self.largestJSON = largestJSON
        self.largestUnpacked = largestUnpacked
        self.mostParts = mostParts
    }
}
