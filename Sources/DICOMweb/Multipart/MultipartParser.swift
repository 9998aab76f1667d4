import Foundation
import LightboxCore

/// Reads a multipart message as it arrives, in pieces of any size (RFC 2046 section 5.1), with bounded memory.
///
/// Tolerant where writers differ: bare line feeds, a preamble and an epilogue, spaces behind a boundary, headers of
/// any name. A value: a copy goes on from where the original stood.
struct MultipartParser: Sendable {
    enum Event {
        /// A part begins; its headers by name in small letters.
        case begin([String: String])
        /// More of the part's content; good only inside the call.
        case content(UnsafeRawBufferPointer)
        case end
    }

    struct Limits: Sendable {
        var parts = 100_000
        /// Bytes of one part's content.
        var part = Int.max
        /// Bytes of one part's headers.
        var headers = 16_384
    }

    private enum State { case preamble, headers, content, epilogue }

    private let limits: Limits
    /// Line feed, two dashes, boundary.
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// What arrived and is not dealt with, because it may be the beginning of a delimiter.
    private var held: [UInt8] = [UInt8(ascii: "\n")]
    /// The held line feed belongs to what came before, and is no content.
    private var hidden = 1
    private var header: [UInt8] = []
    private var parts = 0
    private var size = 0

    /// - Parameter boundary: as in the Content-Type, without quotes.
    init(boundary: String, limits: Limits = Limits()) {
        self.limits = limits
        delimiter = Array("\n--\(boundary)".utf8)
    }

    /// The message is through: what follows is passed over.
    var isComplete: Bool { state == .epilogue }

    /// - Throws: ``DICOMwebError``, or what `body` throws.
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (Event) throws -> Void) throws {
        guard state != .epilogue else { return }
        var text = held
        text.append(contentsOf: bytes)
        held = []
        let rest = try text.withUnsafeBytes { text in
            try work(text, body)
        }
        if state != .epilogue { held = Array(text[rest...]) }
    }

    /// - Throws: ``DICOMwebError`` when the message is cut off.
    func finish() throws {
        guard isComplete else {
            throw DICOMwebError(.badRequest, "The multipart body ends before its closing boundary.")
        }
    }

    /// Deals with as much as can be understood; gives where the rest begins.
    private mutating func work(_ text: UnsafeRawBufferPointer, _ body: (Event) throws -> Void) throws -> Int {
        var start = 0
        while true {
            switch state {
            case .epilogue: return text.count
            case .headers:
                guard let next = try readHeaders(text, start, body) else { return text.count }
                start = next
            case .preamble, .content:
                guard let next = try readContent(text, start, body) else { return start }
                // Nothing more to find in what is here.
                if next.isRest {
                    return next.start
                }
                start = next.start
            }
        }
    }

    // MARK: Content

    private mutating func readContent(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ body: (Event) throws -> Void
    ) throws -> (start: Int, isRest: Bool)? {
        var from = start
        while let found = Self.find(delimiter, in: text, from: from) {
            switch Self.ending(text, found + delimiter.count) {
            case .unknown:
                // Perhaps a boundary: wait for the rest of its line.
                guard text.count - found < 4096 else {
                    from = found + 1
                    continue
                }
                let keep = found > start && text[found - 1] == UInt8(ascii: "\r") ? found - 1 : found
                try pass(text, start, keep, body)
                return (keep, true)
            case .none: from = found + 1
            case .part(let next):
                try endPart(text, start, found, body)
                state = .headers
                header = []
                return (next, false)
            case .last:
                try endPart(text, start, found, body)
                state = .epilogue
                return (text.count, true)
            }
        }
        // A delimiter may begin in the last bytes, and a carriage return before it.
        let keep = max(start, text.count - delimiter.count)
        try pass(text, start, keep, body)
        return (keep, true)
    }

    private mutating func endPart(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ found: Int, _ body: (Event) throws -> Void
    ) throws {
        // The line end before a boundary belongs to it.
        let end = found > start && text[found - 1] == UInt8(ascii: "\r") ? found - 1 : found
        try pass(text, start, end, body)
        hidden = 0
        if state == .content { try body(.end) }
    }

    /// Hands on content, but for a line feed that belongs to the headers.
    private mutating func pass(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ body: (Event) throws -> Void
    ) throws {
        guard end > start else { return }
        let first = start + hidden
        hidden = 0
        guard state == .content, end > first else { return }
        size += end - first
        guard size <= limits.part else {
            throw DICOMwebError(.tooLarge, "A part of the body is larger than \(limits.part) bytes, the limit.")
        }
        try body(.content(UnsafeRawBufferPointer(rebasing: text[first..<end])))
    }

    private enum Ending { case unknown, none, part(next: Int), last }

    /// What stands behind a boundary: a line end, two dashes, or anything else, and then it is no boundary.
    private static func ending(_ text: UnsafeRawBufferPointer, _ position: Int) -> Ending {
        var position = position
        guard position < text.count else { return .unknown }
        if text[position] == UInt8(ascii: "-") {
            guard position + 1 < text.count else { return .unknown }
            return text[position + 1] == UInt8(ascii: "-") ? .last : .none
        }
        while position < text.count, text[position] == 0x20 || text[position] == 0x09 { position += 1 }
        guard position < text.count else { return .unknown }
        if text[position] == UInt8(ascii: "\n") { return .part(next: position + 1) }
        guard text[position] == UInt8(ascii: "\r") else { return .none }
        guard position + 1 < text.count else { return .unknown }
        return text[position + 1] == UInt8(ascii: "\n") ? .part(next: position + 2) : .none
    }

    /// - Parameter needle: begins with a line feed, which is rare enough to look for alone.
    private static func find(_ needle: [UInt8], in text: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard let base = text.baseAddress else { return nil }
        var from = from
        while text.count - from >= needle.count {
            guard let feed = memchr(base + from, Int32(needle[0]), text.count - from - needle.count + 1) else {
                return nil
            }
            let found = UnsafeRawPointer(feed) - base
            if memcmp(feed, needle, needle.count) == 0 { return found }
            from = found + 1
        }
        return nil
    }

    // MARK: Headers

    /// Collects lines to the empty one; nil when it is not here yet.
    private mutating func readHeaders(
        _ text: UnsafeRawBufferPointer, _ start: Int, _ body: (Event) throws -> Void
    ) throws -> Int? {
        var position = start
        while position < text.count {
            let byte = text[position]
            header.append(byte)
            position += 1
            guard header.count <= limits.headers else {
                throw DICOMwebError(.badRequest, "The headers of a part are longer than \(limits.headers) bytes.")
            }
            guard byte == UInt8(ascii: "\n"), isEndOfHeader else { continue }
            parts += 1
            guard parts <= limits.parts else {
                throw DICOMwebError(.tooLarge, "The body has more than \(limits.parts) parts, the limit.")
            }
            state = .content
            size = 0
            try body(.begin(Self.fields(header)))
            // A part without content may end with the line feed that ends its headers.
            hidden = 1
            return position - 1
        }
        return nil
    }

    private var isEndOfHeader: Bool {
        let line = header.dropLast()
        guard let last = line.last else { return true }
        if last == UInt8(ascii: "\n") { return true }
        guard last == UInt8(ascii: "\r") else { return false }
        return line.count == 1 || line[line.count - 2] == UInt8(ascii: "\n")
    }

    /// Of two headers with one name the first counts; folded lines are joined.
    private static func fields(_ header: [UInt8]) -> [String: String] {
        var lines: [String] = []
        for line in header.split(separator: UInt8(ascii: "\n")) {
            var line = String(decoding: line, as: UTF8.self)
            if line.last == "\r" { line.removeLast() }
            if let first = line.first, first == " " || first == "\t", !lines.isEmpty {
                lines[lines.count - 1] += " " + line.trimmingCharacters(in: .whitespaces)
            } else {
                lines.append(line)
            }
        }
        var fields: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].trimmingCharacters(in: .whitespaces).lowercased()
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            if fields[name] == nil { fields[name] = value }
        }
        return fields
    }
}
