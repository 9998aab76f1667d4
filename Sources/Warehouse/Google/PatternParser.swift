/// Reads RE2's syntax.
struct PatternParser {
    private let text: [Unicode.Scalar]
    private var position = 0
    private var groups = 0
    private var depth = 0
    private var flags = Flags()

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesLineEnd = false
        var isUngreedy = false
    }

    private init(_ text: String) { self.text = Array(text.unicodeScalars) }

    static func parse(_ text: String) throws -> (PatternNode, groups: Int) {
        var parser = PatternParser(text)
        guard parser.text.count <= 10_000 else { throw LinearPattern.Problem(words: "pattern too large") }
        let node = try parser.choice()
        guard parser.position == parser.text.count else { throw LinearPattern.Problem(words: "unexpected )") }
        return (node, parser.groups)
    }

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 100 else { throw LinearPattern.Problem(words: "pattern nested too deep") }
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    private mutating func sequence() throws -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            nodes.append(try quantified())
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func quantified() throws -> PatternNode {
        var node = try atom()
        var count = 0
        while let (low, high) = try quantifier() {
            count += 1
            guard count == 1 else { throw LinearPattern.Problem(words: "bad repetition operator") }
            if case .empty = node { throw LinearPattern.Problem(words: "no argument for repetition operator") }
            let isLazy = take("?") != flags.isUngreedy
            node = .repeated(node, low, high, isLazy: isLazy)
        }
        return node
    }

    private mutating func quantifier() throws -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = position
        position += 1
        let low = number()
        var high = low
        if take(",") { high = number() }
        let isOpen = text[position - 1] == ","
        guard take("}"), let low else {
            // Braces without numbers are letters.
            position = start
            return nil
        }
        guard low <= 1000, isOpen || (high ?? 0) <= 1000, isOpen || low <= high ?? 0 else {
            throw LinearPattern.Problem(words: "bad repetition operator")
        }
        return (low, isOpen ? nil : high)
    }

    private mutating func number() -> Int? {
        let start = position
        while let scalar = next, (48...57).contains(scalar.value), position - start < 6 { position += 1 }
        return Int(String(String.UnicodeScalarView(text[start..<position])))
    }

    private mutating func atom() throws -> PatternNode {
        guard let scalar = next else { return .empty }
        position += 1
        switch scalar {
        case "(": return try group()
        case "[": return one(try bracketed())
        case ".":
            return .one(
                flags.dotTakesLineEnd
                    ? ScalarSet(ranges: [ScalarSet.all]) : ScalarSet(ranges: [10...10], isNegated: true))
        case "^": return .border(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .border(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw LinearPattern.Problem(words: "no argument for repetition operator: \(scalar)")
        case "{":
            // A count without anything before it is refused, any other brace is a letter.
            position -= 1
            if try quantifier() != nil {
                throw LinearPattern.Problem(words: "no argument for repetition operator")
            }
            position += 1
            return one(ScalarSet(ranges: [scalar.value...scalar.value]))
        default: return one(ScalarSet(ranges: [scalar.value...scalar.value]))
        }
    }

    private func one(_ set: ScalarSet) -> PatternNode { .one(flags.ignoresCase ? set.folded : set) }

    private mutating func group() throws -> PatternNode {
        let outer = flags
        var number: Int?
        if take("?") {
            if take("P") || next == "<" {
                guard take("<") else { throw LinearPattern.Problem(words: "invalid named capture group") }
                guard next != "=", next != "!" else {
                    throw LinearPattern.Problem(words: "invalid perl operator: (?<")
                }
                let start = position
                while let scalar = next, ScalarSet.word.contains(scalar) { position += 1 }
                guard position > start, take(">") else {
                    throw LinearPattern.Problem(words: "invalid named capture group")
                }
                groups += 1
                number = groups
            } else if try options() {
                // `(?i)`: for the rest of the group around.
                return .empty
            }
        } else {
            groups += 1
            number = groups
        }
        let node = try choice()
        guard take(")") else { throw LinearPattern.Problem(words: "missing )") }
        flags = outer
        return .group(node, number)
    }

    /// - Returns: whether the group ends behind them.
    private mutating func options() throws -> Bool {
        var value = true
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotTakesLineEnd = value
            case "U": flags.isUngreedy = value
            case "-" where value: value = false
            case ":": return false
            case ")": return true
            default: throw LinearPattern.Problem(words: "invalid perl operator: (?\(scalar)")
            }
        }
        throw LinearPattern.Problem(words: "missing )")
    }

    // MARK: Classes

    private mutating func escape() throws -> PatternNode {
        guard let scalar = next else { throw LinearPattern.Problem(words: "trailing \\") }
        switch scalar {
        case "A":
            position += 1
            return .border(.textStart)
        case "z":
            position += 1
            return .border(.textEnd)
        case "b", "B":
            position += 1
            return .border(scalar == "b" ? .word : .notWord)
        default: return one(try escapedSet())
        }
    }

    /// What stands behind a backslash, in brackets and outside.
    private mutating func escapedSet() throws -> ScalarSet {
        guard let scalar = next else { throw LinearPattern.Problem(words: "trailing \\") }
        position += 1
        func letter(_ value: UInt32) -> ScalarSet { ScalarSet(ranges: [value...value]) }
        switch scalar {
        case "d": return .digit
        case "D": return ScalarSet(ranges: ScalarSet.digit.ranges, isNegated: true)
        case "w": return .word
        case "W": return ScalarSet(ranges: ScalarSet.word.ranges, isNegated: true)
        case "s": return .space
        case "S": return ScalarSet(ranges: ScalarSet.space.ranges, isNegated: true)
        case "n": return letter(10)
        case "t": return letter(9)
        case "r": return letter(13)
        case "f": return letter(12)
        case "v": return letter(11)
        case "a": return letter(7)
        case "x":
            let isBraced = take("{")
            let start = position
            while let digit = next, Character(digit).isHexDigit, position - start < (isBraced ? 6 : 2) {
                position += 1
            }
            let value = UInt32(String(String.UnicodeScalarView(text[start..<position])), radix: 16)
            guard let value, Unicode.Scalar(value) != nil, isBraced ? take("}") : position - start == 2 else {
                throw LinearPattern.Problem(words: "invalid escape sequence: \\x")
            }
            return letter(value)
        default:
            guard scalar.value < 128, !ScalarSet.word.contains(scalar) else {
                throw LinearPattern.Problem(words: "invalid escape sequence: \\\(scalar)")
            }
            return letter(scalar.value)
        }
    }

    private mutating func bracketed() throws -> ScalarSet {
        var set = ScalarSet(ranges: [], isNegated: take("^"))
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            if scalar == "[", position + 1 < text.count, text[position + 1] == ":" {
                set.ranges += try named()
                continue
            }
            let low = try member()
            // A class is no end of a range.
            guard low.ranges.count == 1, low.ranges[0].count == 1, !low.isNegated, next == "-",
                position + 1 < text.count,
                text[position + 1] != "]"
            else {
                set.ranges += low.positive
                continue
            }
            position += 1
            let high = try member()
            guard high.ranges.count == 1, high.ranges[0].count == 1,
                low.ranges[0].lowerBound <= high.ranges[0].lowerBound
            else { throw LinearPattern.Problem(words: "invalid character class range") }
            set.ranges.append(low.ranges[0].lowerBound...high.ranges[0].lowerBound)
        }
        guard take("]") else { throw LinearPattern.Problem(words: "missing ]") }
        return set
    }

    private mutating func member() throws -> ScalarSet {
        guard let scalar = next else { throw LinearPattern.Problem(words: "missing ]") }
        position += 1
        return scalar == "\\" ? try escapedSet() : ScalarSet(ranges: [scalar.value...scalar.value])
    }

    private static let names: [String: [ClosedRange<UInt32>]] = [
        "alpha": [65...90, 97...122], "digit": [48...57], "alnum": [48...57, 65...90, 97...122],
        "upper": [65...90],
        "lower": [97...122], "space": [9...13, 32...32], "punct": [33...47, 58...64, 91...96, 123...126],
        "xdigit": [48...57, 65...70, 97...102], "word": ScalarSet.word.ranges, "blank": [9...9, 32...32],
    ]

    private mutating func named() throws -> [ClosedRange<UInt32>] {
        let rest = String(String.UnicodeScalarView(text[(position + 2)...].prefix(12)))
        guard let end = rest.firstRange(of: ":]"), let ranges = Self.names[String(rest[..<end.lowerBound])] else {
            throw LinearPattern.Problem(words: "invalid character class range")
        }
        position += 2 + rest[..<end.lowerBound].unicodeScalars.count + 2
        return ranges
    }
}
