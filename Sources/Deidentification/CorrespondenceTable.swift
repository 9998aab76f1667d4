import Foundation
import LightboxCore
import Synchronization

/// Old and new names of a project in a CSV file that only its owner may read: `kind,old,new`, a line each.
///
/// Whoever has it can undo the de-identification. It belongs in another place than the files, or is not written
/// at all: with the key the names can be computed again from the originals.
public final class CorrespondenceTable: Sendable {
    private struct State {
        var known: Set<Correspondence> = []
        var added = 0
    }

    public let path: String
    private let state = Mutex(State())

    /// Opens a table, which need not exist; what it holds stays.
    ///
    /// - Throws: ``DeidentificationError`` when the file is no such table.
    public init(path: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return }
        let text = String(decoding: Bytes(try MappedFile(path: path)).array, as: UTF8.self)
        var lines = text.split(separator: "\n")
        guard lines.isEmpty || lines.removeFirst() == Self.header[...] else { throw Self.notATable(path) }
        let rows = try lines.map { line in
            guard let row = Self.row(line) else { throw Self.notATable(path) }
            return row
        }
        state.withLock { $0.known = Set(rows) }
    }

    private static let header = "kind,old,new"

    private static func notATable(_ path: String) -> DeidentificationError {
        DeidentificationError(
            .invalidRules, path, remedy: "This is no table of correspondences; name a new file for it.")
    }

    /// Adds names; safe from any thread. They reach the disk with ``save()``.
    public func add(_ names: [Correspondence]) {
        state.withLock { state in
            for name in names where state.known.insert(name).inserted { state.added += 1 }
        }
    }

    public var count: Int { state.withLock { $0.known.count } }

    /// Writes the table anew, sorted, readable by its owner only. Nothing happens when nothing was added.
    public func save() throws {
        let rows = state.withLock { $0.added > 0 ? $0.known : [] }
        guard !rows.isEmpty else { return }
        let lines = rows.map { "\($0.kind.rawValue),\(Self.field($0.old)),\(Self.field($0.new))" }.sorted()
        let text = ([Self.header] + lines).joined(separator: "\n") + "\n"
        let folder = (path as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        try AtomicFile.write(Array(text.utf8), to: path, mode: 0o600)
        state.withLock { $0.added = 0 }
    }

    /// Line ends become spaces: no PatientID has any.
    private static func field(_ text: String) -> String {
        let text = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).joined(separator: " ")
        guard text.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }

    private static func row(_ line: Substring) -> Correspondence? {
        var fields: [String] = [""]
        var isQuoted = false
        var previous: Character?
        for character in line {
            switch character {
            case "\"":
                // A doubled quote stands for one.
                if !isQuoted && previous == "\"" { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
            previous = character == "\"" && isQuoted ? nil : character
        }
        guard fields.count == 3, let kind = Correspondence.Kind(rawValue: fields[0]) else { return nil }
        return Correspondence(kind, old: fields[1], new: fields[2])
    }
}
