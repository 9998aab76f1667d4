/// Reads small XML answers as a tree: elements and text, no attributes, no names of spaces, no declarations of types.
///
/// Documents come from servers: size, depth and count are bounded, and a `DOCTYPE`, which could define entities, is
/// refused.
package struct XMLElement: Equatable {
    /// Without its prefix.
    package var name: String
    package var text = ""
    package var children: [XMLElement] = []

    /// The first child of a name.
    package subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

package enum XMLProblem: Error, Equatable { case malformed, tooLarge }

extension XMLElement {
    package init(parsing bytes: [UInt8], maximumBytes: Int = 16 << 20, maximumElements: Int = 200_000) throws {
        guard bytes.count <= maximumBytes else { throw XMLProblem.tooLarge }
        var parser = XMLParser(bytes: bytes, left: maximumElements)
        self = try parser.document()
    }
}

private struct XMLParser {
    let bytes: [UInt8]
    /// Elements that may still come.
    var left: Int
    var position = 0
    static let maximumDepth = 32

    mutating func document() throws -> XMLElement {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
        try skipBetween()
        let root = try element(depth: 0)
        try skipBetween()
        guard position == bytes.count else { throw XMLProblem.malformed }
        return root
    }

    /// Space, comments and instructions, outside the root.
    private mutating func skipBetween() throws {
        while position < bytes.count {
            if isSpace(bytes[position]) {
                position += 1
            } else if take("<!--") {
                try skip(behind: "-->")
            } else if take("<?") {
                try skip(behind: "?>")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws -> XMLElement {
        guard depth < Self.maximumDepth, left > 0 else { throw XMLProblem.tooLarge }
        left -= 1
        guard take("<") else { throw XMLProblem.malformed }
        let name = try self.name()
        if try skipAttributes() { return XMLElement(name: local(name)) }
        var element = XMLElement(name: local(name))
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw XMLProblem.malformed }
            if bytes[position] != UInt8(ascii: "<") {
                try character(into: &text)
            } else if take("<!--") {
                try skip(behind: "-->")
            } else if take("<![CDATA[") {
                let start = position
                try skip(behind: "]]>")
                text += bytes[start..<(position - 3)]
            } else if take("<?") {
                try skip(behind: "?>")
            } else if take("</") {
                guard try self.name() == name else { throw XMLProblem.malformed }
                skipSpace()
                guard take(">"), let whole = String(validating: text, as: UTF8.self) else {
                    throw XMLProblem.malformed
                }
                element.text = whole
                return element
            } else {
                element.children.append(try self.element(depth: depth + 1))
            }
        }
    }

    /// Whether the element ends with its start: `<Name/>`.
    private mutating func skipAttributes() throws -> Bool {
        while true {
            skipSpace()
            if take("/>") { return true }
            if take(">") { return false }
            _ = try name()
            skipSpace()
            guard take("=") else { throw XMLProblem.malformed }
            skipSpace()
            guard position < bytes.count,
                bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
            else { throw XMLProblem.malformed }
            let quote = bytes[position]
            guard let end = bytes[(position + 1)...].firstIndex(of: quote) else { throw XMLProblem.malformed }
            position = end + 1
        }
    }

    private mutating func name() throws -> [UInt8] {
        let start = position
        while position < bytes.count, !isSpace(bytes[position]), !"<>/=&\"'!?".utf8.contains(bytes[position]) {
            position += 1
        }
        guard position > start, position - start <= 256 else { throw XMLProblem.malformed }
        return Array(bytes[start..<position])
    }

    private func local(_ name: [UInt8]) -> String {
        let behind = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name[...]
        return String(decoding: behind, as: UTF8.self)
    }

    private mutating func character(into text: inout [UInt8]) throws {
        guard bytes[position] == UInt8(ascii: "&") else {
            text.append(bytes[position])
            position += 1
            return
        }
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw XMLProblem.malformed
        }
        let entity = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        position = end + 1
        switch entity {
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "amp": text.append(UInt8(ascii: "&"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default:
            let digits = entity.dropFirst(entity.hasPrefix("#x") ? 2 : 1)
            guard entity.hasPrefix("#"), digits.first != "+", digits.first != "-",
                let code = UInt32(digits, radix: entity.hasPrefix("#x") ? 16 : 10), code > 0,
                let scalar = Unicode.Scalar(code)
            else { throw XMLProblem.malformed }
            text += Array(String(scalar).utf8)
        }
    }

    private mutating func take(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { literal in
            guard bytes.count - position >= literal.count,
                bytes[position..<(position + literal.count)].elementsEqual(literal)
            else { return false }
            position += literal.count
            return true
        }
    }

    private mutating func skip(behind literal: StaticString) throws {
        while !take(literal) {
            guard position < bytes.count else { throw XMLProblem.malformed }
            position += 1
        }
    }

    private mutating func skipSpace() { while position < bytes.count, isSpace(bytes[position]) { position += 1 } }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
}
