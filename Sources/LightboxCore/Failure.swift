/// What kind of trouble an error is. The command line maps it to an exit code, the server to a status,
/// each in one table.
public enum FailureKind: String, Sendable, Codable {
    /// The caller's arguments or data are wrong.
    case invalidInput
    case notFound
    /// Something else already stands there.
    case conflict
    /// Well-formed, but not something this build reads or does.
    case unsupported
    /// Bytes that break their format's rules.
    case corrupt
    /// Larger or deeper than a limit allows.
    case limitExceeded
    /// The machine: a missing library, a full disk, a refused permission.
    case environment
}

/// An error that a reader can act on: what kind, where, and what to do. Its text never holds the value of
/// a DICOM attribute, which may identify a patient.
public protocol Failure: Error, Sendable, CustomStringConvertible {
    var kind: FailureKind { get }
}
