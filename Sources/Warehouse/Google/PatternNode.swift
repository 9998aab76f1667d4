/// What a regular expression is made of.
package indirect enum PatternNode: Sendable {
    package enum Border: Sendable {
        case textStart, textEnd, lineStart, lineEnd, word, notWord

        func holds(at position: Int, in text: [Unicode.Scalar]) -> Bool {
            let before = position > 0 ? text[position - 1] : nil
            let after = position < text.count ? text[position] : nil
            switch self {
            case .textStart: return before == nil
            case .textEnd: return after == nil
            case .lineStart: return before == nil || before == "\n"
            case .lineEnd: return after == nil || after == "\n"
            case .word, .notWord:
                let isBorder =
                    (before.map(ScalarSet.word.contains) ?? false) != (after.map(ScalarSet.word.contains) ?? false)
                return isBorder == (self == .word)
            }
        }
    }

    case empty
    case one(ScalarSet)
    case border(Border)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// nil for a group that is not kept.
    case group(PatternNode, Int?)
    case repeated(PatternNode, Int, Int?, isLazy: Bool)
}

/// A class of characters.
package struct ScalarSet: Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    static let digit = ScalarSet(ranges: [48...57])
    static let word = ScalarSet(ranges: [48...57, 65...90, 95...95, 97...122])
    static let space = ScalarSet(ranges: [9...10, 12...13, 32...32])
    static let all: ClosedRange<UInt32> = 0...0x10ffff

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isNegated
    }

    /// With small and capital letters alike.
    var folded: ScalarSet {
        var set = self
        for range in ranges where range.count <= 4096 {
            for value in range {
                guard let scalar = Unicode.Scalar(value) else { continue }
                for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
                    let scalars = text.unicodeScalars
                    if scalars.count == 1, let other = scalars.first, other != scalar {
                        set.ranges.append(other.value...other.value)
                    }
                }
            }
        }
        return set
    }

    /// The same without a negation.
    var positive: [ClosedRange<UInt32>] {
        guard isNegated else { return ranges }
        var left: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { left.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound == .max ? .max : range.upperBound + 1)
        }
        if next <= Self.all.upperBound { left.append(next...Self.all.upperBound) }
        return left
    }
}

extension PatternNode {
    /// The same pattern for PostgreSQL's own matcher, which prefers the longest match to the first.
    ///
    /// - Parameter isTest: only whether there is a match counts, so that the two agree on every pattern.
    /// - Returns: nil where they might find different ones.
    package func postgres(isTest: Bool) -> String? {
        switch self {
        case .empty: return "(?:)"
        case .one(let set):
            func letter(_ value: UInt32) -> String {
                let digits = String(value, radix: 16)
                return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
            // NUL and halves of pairs are in no text of PostgreSQL's.
            let ranges = set.positive.compactMap { range -> String? in
                let low = max(1, range.lowerBound)
                return low <= range.upperBound ? letter(low) + "-" + letter(range.upperBound) : nil
            }
            return ranges.isEmpty ? nil : "[" + ranges.joined() + "]"
        case .border(let border):
            switch border {
            case .textStart: return "\\A"
            case .textEnd: return "\\Z"
            case .lineStart, .lineEnd, .word, .notWord: return nil
            }
        case .sequence(let nodes):
            let texts = nodes.compactMap { $0.postgres(isTest: isTest) }
            return texts.count == nodes.count ? texts.joined() : nil
        case .choice(let nodes):
            let texts = nodes.compactMap { $0.postgres(isTest: isTest) }
            return isTest && texts.count == nodes.count ? "(?:" + texts.joined(separator: "|") + ")" : nil
        case .group(let node, let number):
            return node.postgres(isTest: isTest).map { (number == nil || isTest ? "(?:" : "(") + $0 + ")" }
        case .repeated(let node, let low, let high, let isLazy):
            var isOne = false
            if case .one = node { isOne = true }
            guard isTest || isOne && !isLazy, let text = node.postgres(isTest: isTest) else { return nil }
            // PostgreSQL counts to 255.
            guard low <= 255, high ?? 0 <= 255 else { return nil }
            return "(?:\(text)){\(low),\(high.map(String.init) ?? "")}"
        }
    }
}
