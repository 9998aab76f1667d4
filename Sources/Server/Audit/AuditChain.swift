import Foundation
public import LightboxCore

/// Where a chain of lines ends: how many there are, and the hash of the last.
public struct AuditHead: Sendable, Equatable, CustomStringConvertible {
    public internal(set) var number: Int
    public internal(set) var hash: ContentHash

    /// Of a log without lines.
    static let none = AuditHead(number: 0, hash: ContentHash(String(repeating: "0", count: 64))!)

    init(number: Int, hash: ContentHash) {
        self.number = number
        self.hash = hash
    }

    /// `17 9f86d081…`, as the small file beside the log has it.
    public init?(_ text: String) {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let number = Int(parts[0]), number >= 0, let hash = ContentHash(String(parts[1]))
        else { return nil }
        self.init(number: number, hash: hash)
    }

    public var description: String { "\(number) \(hash)" }
}

/// Number and link of a line, which stand in every line at the same place: `{"n": 17, "previous": "9f86…", "time": …`.
struct AuditLink: Equatable {
    let number: Int
    /// SHA-256 of the line before, without its end.
    let previous: ContentHash

    init?(_ line: some Collection<UInt8>) {
        let start = Array(line.prefix(120))
        let opening = Array("{\"n\": ".utf8)
        guard start.starts(with: opening) else { return nil }
        let digits = start[opening.count...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let middle = Array(", \"previous\": \"".utf8)
        let rest = start[(opening.count + digits.count)...]
        guard let number = Int(String(decoding: digits, as: UTF8.self)), rest.starts(with: middle) else {
            return nil
        }
        let hash = String(decoding: rest.dropFirst(middle.count).prefix(64), as: UTF8.self)
        guard let previous = ContentHash(hash) else { return nil }
        self.number = number
        self.previous = previous
    }

    /// The beginning of the line behind `head`.
    static func append(behind head: AuditHead, to line: inout [UInt8]) {
        line += "{\"n\": \(head.number + 1), \"previous\": \"".utf8
        line += head.hash.description.utf8
        line += "\", ".utf8
    }
}
