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

extension Failure {
    /// `shard.tfrecord@1024: bad length checksum. Fetch the file again.`
    ///
    /// - Parameter code: a case's name, `badLengthChecksum`, which is put in words.
    package static func text(_ code: String, at place: String, _ remedy: String) -> String {
        var words = ""
        var previousWasUpper = true
        for letter in code {
            if letter.isUppercase && !previousWasUpper { words += " " }
            previousWasUpper = letter.isUppercase
            words.append(letter)
        }
        // Acronyms stay as they are: `malformed JSON`.
        let phrase = words.split(separator: " ").map {
            $0.dropFirst().contains(where: \.isUppercase) ? String($0) : $0.lowercased()
        }
        return "\(place): \(phrase.joined(separator: " ")). \(remedy)"
    }
}
