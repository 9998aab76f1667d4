import Foundation
import LightboxCore
import WireFormats

/// Brings an object into a file: a large one in parts side by side, under a temporary name until it is whole and its
/// checksum is compared.
public struct ObjectFile: Sendable {
    let place: any ObjectPlace
    var partBytes = 16 << 20
    var partsAtOnce = 4

    public init(from place: any ObjectPlace) { self.place = place }

    package init(from place: any ObjectPlace, partBytes: Int, partsAtOnce: Int) {
        (self.place, self.partBytes, self.partsAtOnce) = (place, partBytes, partsAtOnce)
    }

    /// - Parameters:
    ///   - known: what a list said; nil to ask.
    ///   - progress: takes the bytes that came since the last call.
    public func bring(
        _ name: ObjectName, known: ObjectFacts? = nil, to path: String, progress: (Int) -> Void = { _ in }
    ) throws {
        let facts = try known ?? place.facts(of: name)
        try Self.write(to: path) { descriptor in
            if facts.size > partBytes {
                try bringParts(name, facts, into: descriptor, progress)
            } else {
                try bringWhole(name, facts, into: descriptor, progress)
            }
        }
    }

    private func bringWhole(
        _ name: ObjectName, _ facts: ObjectFacts, into descriptor: Int32, _ progress: (Int) -> Void
    ) throws {
        var crc = CRC32C()
        let answered = try place.read(name, nil, known: facts) { piece in
            crc.update(piece)
            try FileDescriptorIO.writeAll(piece, to: descriptor)
            progress(piece.count)
        }
        try Self.compare(crc.value, with: facts.crc32c ?? answered.crc32c, name)
    }

    private func bringParts(
        _ name: ObjectName, _ facts: ObjectFacts, into descriptor: Int32, _ progress: (Int) -> Void
    ) throws {
        let place = place
        let ranges = stride(from: 0, to: facts.size, by: partBytes).map { $0..<min($0 + partBytes, facts.size) }
        var whole = CRC32C()
        var expected = facts.crc32c
        var next = ranges.makeIterator()
        // The parts come in order, so that the checksum of the whole follows behind from memory.
        try mapInOrder(threads: partsAtOnce, window: partsAtOnce + 1) {
            next.next()
        } transform: { (range: Range<Int>) -> (bytes: [UInt8], crc32c: UInt32?) in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(range.count)
            let answered = try place.read(name, range, known: facts) { bytes += $0 }
            return (bytes, answered.crc32c)
        } consume: { part in
            expected = expected ?? part.crc32c
            try part.bytes.withUnsafeBytes {
                whole.update($0)
                try FileDescriptorIO.writeAll($0, to: descriptor)
            }
            progress(part.bytes.count)
            return true
        }
        try Self.compare(whole.value, with: expected, name)
    }

    private static func compare(_ found: UInt32, with expected: UInt32?, _ name: ObjectName) throws {
        guard let expected, expected != found else { return }
        throw ObjectError(
            .wrongContent, at: name.description, "the bytes that came do not have the stored checksum. Try again.")
    }

    /// A file under another name until `body` is done; not synced, since it can be brought again.
    static func write(to path: String, _ body: (Int32) throws -> Void) throws {
        let temporary = path + "." + UUID().uuidString.prefix(8) + ".part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        Leftovers.claim(descriptor)
        do {
            defer { close(descriptor) }
            try body(descriptor)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let failure = FileFailure(path: path, errno: errno)
            unlink(temporary)
            throw failure
        }
    }
}
