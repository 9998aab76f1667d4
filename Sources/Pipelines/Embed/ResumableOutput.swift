import Foundation
package import LightboxCore

/// Output files that grow under temporary names and survive `kill -9`: a second run with the same settings
/// cuts them back to the last point that is known to be on disk and goes on from there.
///
/// Beside `vectors.jsonl` stand, until the end, `vectors.jsonl.part` and `vectors.jsonl.journal`. The journal's
/// first line holds the settings; every further line says how many entries of the input are dealt with and how
/// long each file was then.
package struct ResumableOutput: ~Copyable {
    /// A point at which everything was on disk.
    package struct Checkpoint: Codable, Equatable {
        /// Entries of the input that are dealt with, written or reported.
        package var entries = 0
        package var written = 0
        package var lengths: [Int]
        /// Problems found since the checkpoint before.
        package var problems: [StageReport.Problem] = []
    }

    private let paths: [String]
    private var descriptors: [Int32]
    private var journal: Int32
    package private(set) var checkpoint: Checkpoint
    /// Problems that earlier runs met.
    package private(set) var earlierProblems: [StageReport.Problem]

    package var isResumed: Bool { checkpoint.entries > 0 }

    /// Opens or continues.
    ///
    /// - Parameter settings: everything that the content depends on; when it differs from the journal's, the
    ///   old part is thrown away.
    package init(paths: [String], settings: String) throws {
        self.paths = paths
        descriptors = []
        checkpoint = Checkpoint(lengths: paths.map { _ in 0 })
        earlierProblems = []
        let journalPath = Self.journalPath(paths[0])
        journal = open(journalPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard journal >= 0 else { throw FileFailure(path: journalPath, errno: errno) }
        guard flock(journal, LOCK_EX | LOCK_NB) == 0 else {
            throw InputError(.conflict, "another run is writing \(RemoteFiles.shown(paths[0])).")
        }
        let (last, problems) = Self.lastCheckpoint(journalPath, paths: paths, settings: settings)
        if let last { (checkpoint, earlierProblems) = (last, problems) }
        for (path, length) in zip(paths, checkpoint.lengths) {
            let descriptor = open(Self.partPath(path), O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
            descriptors.append(descriptor)
            guard ftruncate(descriptor, length) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
                throw FileFailure(path: path, errno: errno)
            }
        }
        if last == nil {
            guard ftruncate(journal, 0) == 0 else { throw FileFailure(path: journalPath, errno: errno) }
            try appendToJournal(Array(settings.utf8))
        }
    }

    /// Adds bytes to the file of that index.
    package func append(_ bytes: [UInt8], to file: Int) throws {
        try bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptors[file]) }
    }

    /// Makes everything so far durable and notes how far the input is dealt with.
    package mutating func commit(entries: Int, written: Int, problems: [StageReport.Problem]) throws {
        var lengths: [Int] = []
        for (path, descriptor) in zip(paths, descriptors) {
            guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
            lengths.append(Int(lseek(descriptor, 0, SEEK_CUR)))
        }
        checkpoint = Checkpoint(entries: entries, written: written, lengths: lengths, problems: problems)
        try appendToJournal([UInt8](JSONEncoder().encode(checkpoint)))
    }

    /// Overwrites the beginning of a file, for headers that hold a count.
    package func replaceStart(of file: Int, with bytes: [UInt8]) throws {
        let count = bytes.withUnsafeBytes { pwrite(descriptors[file], $0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw FileFailure(path: paths[file], errno: errno) }
    }

    /// Gives the files their names and removes the journal.
    package consuming func finish() throws {
        for (path, descriptor) in zip(paths, descriptors) {
            guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
        }
        // The first file is renamed last: while it is missing, the output is not there.
        for path in paths.reversed() { try RemoteFiles.commit(Self.partPath(path), as: path) }
        unlink(Self.journalPath(paths[0]))
        try AtomicFile.syncFolder((paths[0] as NSString).deletingLastPathComponent.nonEmptyFolder)
    }

    /// Removes what a run that will not go on has left.
    package static func discard(paths: [String]) {
        for path in paths { unlink(partPath(path)) }
        unlink(journalPath(paths[0]))
    }

    private func appendToJournal(_ line: [UInt8]) throws {
        try (line + [UInt8(ascii: "\n")]).withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: journal) }
        guard fsync(journal) == 0 else { throw FileFailure(path: Self.journalPath(paths[0]), errno: errno) }
    }

    private static func partPath(_ path: String) -> String { path + ".part" }
    private static func journalPath(_ path: String) -> String { path + ".journal" }

    /// The last complete line whose lengths the files still have.
    private static func lastCheckpoint(
        _ journal: String, paths: [String], settings: String
    ) -> (Checkpoint?, [StageReport.Problem]) {
        guard let text = try? String(contentsOfFile: journal, encoding: .utf8) else { return (nil, []) }
        // A line without its newline was being written when the process died.
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard lines.first.map(String.init) == settings else { return (nil, []) }
        lines = lines.dropFirst()
        var last: Checkpoint?
        var problems: [StageReport.Problem] = []
        for line in lines {
            guard let point = try? JSONDecoder().decode(Checkpoint.self, from: Data(line.utf8)) else { break }
            let stands = zip(paths, point.lengths).allSatisfy { path, length in
                var status = stat()
                return stat(partPath(path), &status) == 0 && Int(status.st_size) >= length
            }
            guard stands else { break }
            last = point
            problems += point.problems
        }
        return (last, problems)
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
        if journal >= 0 { close(journal) }
    }
}
