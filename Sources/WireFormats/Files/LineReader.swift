import Foundation

/// Cuts a stream into lines in one buffer that is used again.
package final class LineReader {
    package var name: String { stream.name }
    /// Of the last line, from 1.
    package private(set) var lineNumber = 0
    /// Of the last line's first byte.
    package private(set) var lineOffset = 0
    private let stream: ByteStream
    private let maximumLength: Int
    private var buffer: [UInt8] = []
    private var start = 0
    /// Bytes of the stream before the buffer.
    private var dropped = 0

    package init(_ stream: ByteStream, maximumLength: Int) {
        self.stream = stream
        self.maximumLength = maximumLength
    }

    /// Gives the next line without its end to `body`; nil at the end of the stream.
    ///
    /// A last line without an end counts; a byte order mark at the start does not.
    package func next<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result? {
        var searched = 0
        var end = newline(from: start)
        while end == nil {
            searched = buffer.count - start
            guard searched <= maximumLength else {
                throw RecordError(
                    .limitExceeded, file: name, offset: dropped + start,
                    remedy: "The line is longer than \(maximumLength) bytes; raise the limit.")
            }
            if start > 0 { dropConsumed() }
            guard try stream.read(into: &buffer) else { break }
            end = newline(from: searched)
        }
        guard let last = end ?? (buffer.isEmpty ? nil : buffer.count) else { return nil }
        lineNumber += 1
        lineOffset = dropped + start
        defer { start = min(last + 1, buffer.count) }
        return try buffer.withUnsafeBytes { bytes in
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<last])
            let hasMark = lineNumber == 1 && line.starts(with: [0xef, 0xbb, 0xbf])
            return try body(hasMark ? UnsafeRawBufferPointer(rebasing: line[3...]) : line)
        }
    }

    private func dropConsumed() {
        buffer.removeFirst(start)
        dropped += start
        start = 0
    }

    private func newline(from index: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard index < bytes.count, let base = bytes.baseAddress else { return nil }
            return memchr(base + index, 10, bytes.count - index).map {
                $0 - UnsafeMutableRawPointer(mutating: base)
            }
        }
    }
}
