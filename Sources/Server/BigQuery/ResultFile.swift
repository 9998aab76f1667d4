import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Synchronization

/// The rows of a result as they will be sent, in a file that has no name any more: it goes with the job, or with the
/// process.
///
/// Rows are appended by the one thread that runs the query, and read by any number after ``finish()``.
final class ResultFile: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var size = 0
        var rows = 0
        /// Where each row with a number that ``stride`` divides begins.
        var marks: [Int] = []
    }

    private static let stride = 64
    private let descriptor: Int32
    private let state = Mutex(State())

    /// - Parameter folder: made where it is missing.
    init(in folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = "\(folder)/result.\(UUID().uuidString)"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        unlink(path)
    }

    deinit { close(descriptor) }

    var rows: Int { state.withLock { $0.rows } }
    var size: Int { state.withLock { $0.size } }

    /// - Parameter text: of one row, without a line's end in it.
    func append(_ text: [UInt8]) throws {
        try state.withLock { state in
            if state.rows.isMultiple(of: Self.stride) { state.marks.append(state.size) }
            state.buffer += text
            state.buffer.append(10)
            state.rows += 1
            state.size += text.count + 1
            if state.buffer.count >= 1 << 18 { try flush(&state) }
        }
    }

    func finish() throws {
        try state.withLock { state in
            try flush(&state)
            state.buffer = []
        }
    }

    private func flush(_ state: inout State) throws {
        try state.buffer.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
        state.buffer.removeAll(keepingCapacity: true)
    }

    /// Rows from one on, with commas between them.
    ///
    /// - Parameter bytes: no further row is added beyond so many; one is there in any case.
    /// - Returns: how many rows were added.
    func read(from start: Int, count: Int, bytes limit: Int, into output: inout [UInt8]) throws -> Int {
        let (size, rows, mark) = state.withLock { state in
            (state.size, state.rows, start < state.rows ? state.marks[start / Self.stride] : state.size)
        }
        guard start < rows, count > 0 else { return 0 }
        var (position, passed, added) = (mark, start - start % Self.stride, 0)
        var line: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        let begin = output.count
        while position < size {
            let read = piece.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(position))
            }
            guard read > 0 else { throw FileFailure(path: "the result of a query", errno: read < 0 ? errno : EIO) }
            position += read
            var next = 0
            while let end = piece[next..<read].firstIndex(of: 10) {
                defer {
                    next = end + 1
                    line.removeAll(keepingCapacity: true)
                }
                passed += 1
                guard passed > start else { continue }
                if added > 0, output.count - begin + line.count + end - next > limit { return added }
                if added > 0 { output.append(UInt8(ascii: ",")) }
                output += line
                output += piece[next..<end]
                added += 1
                if added == count { return added }
            }
            line += piece[next..<read]
        }
        return added
    }
}
