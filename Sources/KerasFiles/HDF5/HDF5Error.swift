/// Why the inside of a file could not be read.
enum HDF5Error: Error, Equatable {
    case notHDF5
    /// What is broken.
    case damaged(String)
    /// What is well-formed but not read here.
    case unsupported(String)
    /// What is too large.
    case limit(String)
}

/// What a file may ask of this process before it is refused.
struct HDF5Limits: Sendable {
    /// Members of all groups that are looked at.
    var members = 100_000
    /// Bytes of all arrays of a file, unpacked.
    var totalBytes = 4 << 30
    /// Bytes of one chunk of a compressed array, unpacked.
    var chunkBytes = 256 << 20
    /// Texts of one attribute.
    var texts = 20_000
    /// Bytes of a model's configuration.
    var configurationBytes = 64 << 20
    /// Groups in one another.
    var depth = 12
}
