import Foundation
import LightboxCore

/// `audit/audit.jsonl` of a home: lines that are only ever added, each with the hash of the one before.
///
/// Several processes may write: each takes the file's lock, and looks where the chain ends when another was there.
final class AuditFile {
    private let path: String
    private let headPath: String
    private let descriptor: Int32
    private var head = AuditHead.none
    /// Of the file when this process wrote last; -1 before.
    private var size = -1
    private var hasher = ContentHasher()
    private var buffer: [UInt8] = []
    private var clock = AuditClock()

    static func path(in home: Home) -> String { home.path + "/audit/audit.jsonl" }
    static func headPath(in home: Home) -> String { home.path + "/audit/head" }

    init(home: Home) throws {
        path = Self.path(in: home)
        headPath = Self.headPath(in: home)
        let folder = home.path + "/audit"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
    }

    deinit { close(descriptor) }

    /// Adds lines; they reach the disk with the next ``sync()``.
    func append(_ records: [AuditRecord]) throws {
        try locked {
            try follow()
            buffer.removeAll(keepingCapacity: true)
            var next = head
            for record in records {
                let start = buffer.count
                AuditLink.append(behind: next, to: &buffer)
                clock.append(record.time, to: &buffer)
                record.append(to: &buffer)
                buffer.append(UInt8(ascii: "}"))
                buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
                next = AuditHead(number: next.number + 1, hash: hasher.finalize())
                buffer.append(UInt8(ascii: "\n"))
            }
            do {
                try buffer.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
            } catch {
                // Half of it would break the chain.
                ftruncate(descriptor, off_t(size))
                throw error
            }
            size += buffer.count
            head = next
        }
    }

    /// Brings what was added to the disk, then the place where the chain ends: so that place is never ahead.
    func sync() throws {
        guard size >= 0 else { return }
        try locked {
            try follow()
            guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
            try AtomicFile.write(Array((head.description + "\n").utf8), to: headPath)
        }
    }

    private func locked(_ body: () throws -> Void) throws {
        guard flock(descriptor, LOCK_EX) == 0 else { throw FileFailure(path: path, errno: errno) }
        defer { flock(descriptor, LOCK_UN) }
        try body()
    }

    /// Finds the end of the chain when another process has written, and at first.
    private func follow() throws {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw FileFailure(path: path, errno: errno) }
        guard Int(facts.st_size) != size else { return }
        size = Int(facts.st_size)
        let last = try lastLine()
        let told = (try? String(contentsOfFile: headPath, encoding: .utf8)).flatMap { AuditHead($0) } ?? .none
        let found = last.flatMap { line in
            AuditLink(line).map { AuditHead(number: $0.number, hash: ContentHash(of: line)) }
        }
        // Lines that were there once and are gone leave a gap, which the verification finds.
        let known = head.number > told.number ? head : told
        head = found.map { $0.number > known.number ? $0 : known } ?? known
    }

    /// Without its end; what was begun behind it when a process died is cut off.
    private func lastLine() throws -> [UInt8]? {
        var tail: [UInt8] = []
        var start = size
        let newline = UInt8(ascii: "\n")
        while start > 0 {
            let count = min(4096, start)
            start -= count
            var piece = [UInt8](repeating: 0, count: count)
            guard pread(descriptor, &piece, count, off_t(start)) == count else {
                throw FileFailure(path: path, errno: errno)
            }
            tail = piece + tail
            if let end = tail.lastIndex(of: newline) {
                if end != tail.count - 1 { try cut(to: start + end + 1) }
                if let before = tail[..<end].lastIndex(of: newline) { return Array(tail[(before + 1)..<end]) }
                if start == 0 { return Array(tail[..<end]) }
            }
        }
        if size > 0 { try cut(to: 0) }
        return nil
    }

    private func cut(to end: Int) throws {
        guard ftruncate(descriptor, off_t(end)) == 0 else { throw FileFailure(path: path, errno: errno) }
        size = end
    }
}

/// Writes times, and works out the part that many share once.
private struct AuditClock {
    private var second = Int.min
    private var text = ""

    mutating func append(_ time: Double, to line: inout [UInt8]) {
        let whole = Int(time.rounded(.down))
        if whole != second {
            second = whole
            text = String(Date(timeIntervalSince1970: Double(whole)).formatted(.iso8601).dropLast())
        }
        line += "\"time\": \"".utf8
        line += text.utf8
        line.append(UInt8(ascii: "."))
        let thousandths = Int((time - Double(whole)) * 1000)
        for place in [100, 10, 1] { line.append(UInt8(ascii: "0") + UInt8(thousandths / place % 10)) }
        line += "Z\", ".utf8
    }
}
