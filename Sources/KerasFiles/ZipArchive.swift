import LightboxCore

/// Why an archive could not be read.
enum ZipError: Error, Equatable {
    case damaged(String)
    case unsupported(String)
    case limit(String)

    var reason: String {
        switch self {
        case .damaged(let what), .unsupported(let what), .limit(let what): what
        }
    }
}

/// Reads single files out of a zip archive (PKWARE APPNOTE 6.3), stored or deflated.
struct ZipArchive {
    private let file: Bytes
    private var entries: [String: Entry] = [:]

    private struct Entry {
        var method: Int
        var compressedSize: Int
        var size: Int
        /// Of the local header.
        var offset: Int
    }

    init(_ file: Bytes) throws {
        self.file = file
        let end = try endOfDirectory()
        // APPNOTE 4.3.16: entries in all, size and offset of the central directory.
        let count = try number(end + 10, bytes: 2)
        var position = try number(end + 16, bytes: 4)
        for _ in 0..<count { position = try readEntry(at: position) }
    }

    /// One file's bytes, inflated.
    ///
    /// - Parameter limit: bytes beyond which it is refused.
    func contents(_ name: String, limit: Int) throws -> Bytes {
        guard let entry = entries[name] else { throw ZipError.damaged("\(name) is not in the archive") }
        guard entry.size <= limit else { throw ZipError.limit("\(name) is too large") }
        // APPNOTE 4.3.7: the local header's name and extra field differ from the directory's.
        guard try number(entry.offset, bytes: 4) == 0x0403_4b50 else { throw damaged }
        let start =
            try entry.offset + 30 + number(entry.offset + 26, bytes: 2) + number(entry.offset + 28, bytes: 2)
        guard entry.compressedSize <= file.count, start <= file.count - entry.compressedSize else {
            throw damaged
        }
        // Deflate's best case is 1 : 1,032.
        guard entry.size / 1_032 <= entry.compressedSize else { throw damaged }
        let packed = file[start..<start + entry.compressedSize]
        switch entry.method {
        case 0:
            return packed
        case 8:
            do {
                return Bytes(
                    try packed.withUnsafeBytes { try Inflater.inflate($0, format: .raw, limit: entry.size) })
            } catch {
                throw ZipError.damaged("\(name) cannot be inflated")
            }
        default:
            throw ZipError.unsupported("\(name) is compressed with method \(entry.method)")
        }
    }

    // MARK: The directory

    private var damaged: ZipError { .damaged("the archive's directory is broken") }

    /// Behind the directory stand 22 bytes and a comment of at most 65,535.
    private func endOfDirectory() throws -> Int {
        let size = file.count
        for start in stride(from: size - 22, through: max(0, size - 22 - 0xffff), by: -1) {
            if try number(start, bytes: 4) == 0x0605_4b50 { return start }
        }
        throw damaged
    }

    private mutating func readEntry(at position: Int) throws -> Int {
        guard try number(position, bytes: 4) == 0x0201_4b50 else { throw damaged }
        let nameLength = try number(position + 28, bytes: 2)
        let extraLength = try number(position + 30, bytes: 2)
        let next = try position + 46 + nameLength + extraLength + number(position + 32, bytes: 2)
        guard next <= file.count else { throw damaged }
        let name = String(decoding: file[position + 46..<position + 46 + nameLength].array, as: UTF8.self)
        var entry = Entry(
            method: try number(position + 10, bytes: 2), compressedSize: try number(position + 20, bytes: 4),
            size: try number(position + 24, bytes: 4), offset: try number(position + 42, bytes: 4))
        try readLargeSizes(of: &entry, in: position + 46 + nameLength..<position + 46 + nameLength + extraLength)
        entries[name] = entry
        return next
    }

    /// APPNOTE 4.5.3: sizes that do not fit 32 bits stand in an extra field, those only that are marked.
    private func readLargeSizes(of entry: inout Entry, in extra: Range<Int>) throws {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let length = try number(position + 2, bytes: 2)
            if try number(position, bytes: 2) == 1 {
                var field = position + 4
                for size in [\Entry.size, \Entry.compressedSize, \Entry.offset]
                where entry[keyPath: size] == 0xffff_ffff {
                    guard field + 8 <= min(extra.upperBound, position + 4 + length) else { throw damaged }
                    entry[keyPath: size] = try number(field, bytes: 8)
                    field += 8
                }
            }
            position += 4 + length
        }
    }

    /// A little-endian number.
    private func number(_ position: Int, bytes count: Int) throws -> Int {
        guard position >= 0, position <= file.count - count else { throw damaged }
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(file[position + index]) }
        guard value <= UInt64(Int32.max) * 0x1_0000 else { throw damaged }
        return Int(value)
    }
}
