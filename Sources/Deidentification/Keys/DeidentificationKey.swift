import Foundation
import LightboxCore

/// The secret of a project. With the same key the same patient, study or image gets the same new name in
/// every run; without it nobody can tell which old name belongs to a new one, nor try names out.
public struct DeidentificationKey: Sendable {
    let names: KeyedNames

    /// - Precondition: at least 16 bytes.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count >= 16)
        names = KeyedNames(KeyedHash(key: bytes))
    }

    /// A key for one run: no later run will give the same names.
    public static func random() -> DeidentificationKey {
        var generator = SystemRandomNumberGenerator()
        return DeidentificationKey((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// Reads a key file: hexadecimal digits, 32 or more, on one line. Where there is none it is made of 32
    /// random bytes, readable by its owner only.
    ///
    /// - Throws: ``DeidentificationError`` when the file is no key, or when others may read it.
    public init(file path: String) throws {
        if !FileManager.default.fileExists(atPath: path) { try Self.create(at: path) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
        guard status.st_mode & 0o077 == 0 else {
            throw DeidentificationError(
                .exposedKey, path, remedy: "Others may read this key: chmod 600 it, and think of who has.")
        }
        let file = Bytes(try MappedFile(path: path))
        guard file.count <= 4096, let bytes = Self.bytes(of: String(decoding: file.array, as: UTF8.self)) else {
            throw DeidentificationError(
                .invalidKey, path,
                remedy: "A key is a line of 32 or more hexadecimal digits; this is another file.")
        }
        self.init(bytes)
    }

    private static func create(at path: String) throws {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<32).map { _ in
            let byte = UInt8.random(in: 0...255, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        let folder = (path as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let parent = folder.isEmpty ? "." : folder
        let new = parent + "/.key-" + UUID().uuidString
        try AtomicFile.write(Array((digits.joined() + "\n").utf8), to: new, mode: 0o600)
        defer { unlink(new) }
        // A link fails where a rename would replace a key that another process has just made; that one is as good.
        guard link(new, path) == 0 || errno == EEXIST else { throw FileFailure(path: path, errno: errno) }
        // Names made with a key that a power loss took back would never be made again.
        try AtomicFile.syncFolder(parent)
    }

    private static func bytes(of text: String) -> [UInt8]? {
        let digits = Array(text.utf8.filter { $0 > 0x20 })
        guard digits.count >= 32, digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for pair in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[pair..<pair + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
