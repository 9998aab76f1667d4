import Glibc
import Synchronization

/// The C library's character set converters, kept open for the next text.
enum Converter {
    /// Converts to UTF-8. What cannot be converted becomes U+FFFD; without the named converter that is
    /// everything above ASCII.
    static func utf8(_ bytes: UnsafeRawBufferPointer, from name: String) -> [UInt8] {
        guard let handle = take(name) else {
            return bytes.flatMap { $0 < 0x80 ? [$0] : replacement }
        }
        defer { give(handle, name) }
        return convert(bytes, handle)
    }

    private static let replacement: [UInt8] = [0xef, 0xbf, 0xbd]

    private static func convert(_ bytes: UnsafeRawBufferPointer, _ handle: Handle) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: bytes.count * 4 + 16)
        let written = output.withUnsafeMutableBytes { buffer -> Int in
            var next = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var room = buffer.count
            // iconv takes its input as mutable and does not write to it.
            var input = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            var left = bytes.count
            iconv(handle.descriptor, nil, nil, nil, nil)
            while left > 0, iconv(handle.descriptor, &input, &left, &next, &room) == -1 {
                guard left > 0, room >= 8, let position = next else { break }
                for byte in replacement.enumerated() { position[byte.offset] = CChar(bitPattern: byte.element) }
                next = position + 3
                room -= 3
                input = input.map { $0 + 1 }
                left -= 1
            }
            return buffer.count - room
        }
        output.removeLast(output.count - written)
        return output
    }

    // MARK: Open converters

    /// An open converter; whoever took it from the pool is the only one to use it.
    private struct Handle: @unchecked Sendable {
        // Unchecked: a descriptor is in the pool or with one caller, never both.
        let descriptor: iconv_t
    }

    private static let pool = Mutex<[String: [Handle]]>([:])

    private static func take(_ name: String) -> Handle? {
        if let handle = pool.withLock({ $0[name]?.popLast() }) { return handle }
        let descriptor = iconv_open("UTF-8", name)
        // Failure is the pointer of value -1.
        guard let descriptor, Int(bitPattern: descriptor) != -1 else { return nil }
        return Handle(descriptor: descriptor)
    }

    private static func give(_ handle: Handle, _ name: String) {
        pool.withLock { $0[name, default: []].append(handle) }
    }
}
