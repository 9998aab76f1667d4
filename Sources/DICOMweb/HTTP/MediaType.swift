/// A media type with its parameters (RFC 9110 section 8.3.1): of a body, or a range in an Accept header.
package struct MediaType: Sendable, Hashable {
    /// In small letters: `multipart/related`, `image/*`.
    package var name: String
    /// Names in small letters, values without quotes.
    package var parameters: [String: String]

    /// nil when the text is none.
    package init?(_ text: some StringProtocol) {
        var scanner = HeaderScanner(text)
        guard let type = scanner.mediaType() else { return nil }
        self = type
    }

    fileprivate init(name: String, parameters: [String: String]) {
        self.name = name
        self.parameters = parameters
    }

    /// What the parts of a multipart body are, in small letters.
    var partType: String? { parameters["type"]?.lowercased() }
    var transferSyntax: String? { parameters["transfer-syntax"] }
    /// How much a range of an Accept header is wanted, 0...1.
    var quality: Double { parameters["q"].flatMap { Double($0) }.map { min(max($0, 0), 1) } ?? 1 }

    /// Whether a range takes in a plain type: `image/*` takes `image/png`.
    func includes(_ type: String) -> Bool {
        name == type || name == "*/*"
            || (name.hasSuffix("/*") && type.hasPrefix(name.dropLast()))
    }

    /// The ranges of an Accept header, the most wanted first.
    ///
    /// - Throws: ``DICOMwebError`` when the header cannot be read.
    static func ranges(_ header: String) throws -> [MediaType] {
        var scanner = HeaderScanner(header)
        var ranges: [MediaType] = []
        repeat {
            if scanner.isAtEnd { break }
            guard let range = scanner.mediaType() else {
                throw DICOMwebError(.badRequest, "The Accept header cannot be read.")
            }
            ranges.append(range)
        } while scanner.take(",")
        guard scanner.isAtEnd else { throw DICOMwebError(.badRequest, "The Accept header cannot be read.") }
        return ranges.filter { $0.quality > 0 }.enumerated().sorted {
            ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset)
        }.map(\.element)
    }
}

/// Reads tokens and quoted texts of header values (RFC 9110 section 5.6).
struct HeaderScanner {
    private let text: [UInt8]
    private var offset = 0

    init(_ text: some StringProtocol) { self.text = Array(text.utf8) }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return offset == text.count
        }
    }

    private mutating func skipSpace() {
        while offset < text.count, text[offset] == 0x20 || text[offset] == 0x09 { offset += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard offset < text.count, text[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    mutating func mediaType() -> MediaType? {
        guard let type = token(), take("/"), let subtype = token() else { return nil }
        guard let parameters = parameters() else { return nil }
        return MediaType(name: "\(type)/\(subtype)".lowercased(), parameters: parameters)
    }

    /// `; name=value; name="value"`; empty ones are passed over.
    mutating func parameters() -> [String: String]? {
        var parameters: [String: String] = [:]
        while take(";") {
            guard let name = token() else { continue }
            guard take("=") else { return nil }
            guard let value = value() else { return nil }
            parameters[name.lowercased()] = parameters[name.lowercased()] ?? value
        }
        return parameters
    }

    private mutating func value() -> String? {
        skipSpace()
        guard offset < text.count, text[offset] == UInt8(ascii: "\"") else {
            // Wider than a token: clients leave a media type or a boundary unquoted.
            return token { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
        }
        offset += 1
        var value: [UInt8] = []
        while offset < text.count, text[offset] != UInt8(ascii: "\"") {
            if text[offset] == UInt8(ascii: "\\"), offset + 1 < text.count { offset += 1 }
            value.append(text[offset])
            offset += 1
        }
        guard offset < text.count else { return nil }
        offset += 1
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func token(_ isPart: (UInt8) -> Bool = HeaderScanner.isTokenByte) -> String? {
        skipSpace()
        let start = offset
        while offset < text.count, isPart(text[offset]) { offset += 1 }
        return offset > start ? String(decoding: text[start..<offset], as: UTF8.self) : nil
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
