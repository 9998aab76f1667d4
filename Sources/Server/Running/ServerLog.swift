import Foundation
import Logging
import Synchronization
import WireFormats

/// Lines of JSON on standard error: what happened, never what was in it.
///
/// Lines are gathered and written a few times a second; warnings and errors at once.
final class ServerLog: Sendable {
    private struct State {
        var lines: [UInt8] = []
        var second = 0
        /// The time of that second, without its end.
        var time = ""
    }

    private let state = Mutex(State())
    private let write: @Sendable ([UInt8]) -> Void
    private static let largest = 1 << 16

    /// - Parameter write: takes whole lines.
    init(write: @escaping @Sendable ([UInt8]) -> Void = { FileHandle.standardError.write(Data($0)) }) {
        self.write = write
    }

    /// Adds a line.
    ///
    /// - Parameter members: texts and numbers, as JSON writes them.
    func add(_ level: Logger.Level, _ message: String, _ members: [(name: StaticString, value: Value)]) {
        let now = Date().timeIntervalSince1970
        let isUrgent = level >= .warning
        let full = state.withLock { state -> [UInt8]? in
            let second = Int(now)
            if second != state.second {
                state.second = second
                state.time = String(Date(timeIntervalSince1970: Double(second)).formatted(.iso8601).dropLast())
            }
            Self.append(&state.lines, state.time, now - Double(second), level, message, members)
            guard isUrgent || state.lines.count > Self.largest else { return nil }
            defer { state.lines.removeAll(keepingCapacity: true) }
            return state.lines
        }
        if let full { write(full) }
    }

    enum Value {
        case text(String)
        case number(Int)
        case milliseconds(Duration)
    }

    private static func append(
        _ line: inout [UInt8], _ time: String, _ fraction: Double, _ level: Logger.Level, _ message: String,
        _ members: [(name: StaticString, value: Value)]
    ) {
        let thousandths = String(1000 + Int(fraction * 1000)).dropFirst()
        line += "{\"time\": \"\(time).\(thousandths)Z\", \"level\": \"\(level.rawValue)\", \"message\": ".utf8
        JSONWriter.append(message, to: &line)
        for (name, value) in members {
            line += ", \"\(name)\": ".utf8
            switch value {
            case .text(let text): JSONWriter.append(text, to: &line)
            case .number(let number): line += "\(number)".utf8
            case .milliseconds(let duration):
                line += "\(Double(Int(duration / .microseconds(1))) / 1000)".utf8
            }
        }
        line += "}\n".utf8
    }

    func flush() {
        let lines = state.withLock { state in
            defer { state.lines.removeAll(keepingCapacity: true) }
            return state.lines
        }
        if !lines.isEmpty { write(lines) }
    }

    /// For the libraries that log by themselves; they have their say from notices on.
    var logger: Logger {
        Logger(label: "lightbox") { _ in LibraryLog(log: self) }
    }
}

/// What libraries log, in the same lines.
private struct LibraryLog: LogHandler {
    let log: ServerLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        log.add(event.level, event.message.description, [("source", .text(event.source))])
    }
}
