import DICOM
import Foundation

/// How one value of a query is matched (PS3.4 section C.2.2.2), in SQL and in Swift.
enum ValueMatch: Sendable, Hashable {
    case everything
    case equal(String)
    case oneOf([String])
    /// With `*` and `?`.
    case pattern(String)
    /// Both ends included; nil is open.
    case range(String?, String?)

    init(_ value: String, vr: VR) {
        let parts = value.split(whereSeparator: { $0 == "\\" || (vr == .UI && $0 == ",") }).map(String.init)
        let isMoment = [.DA, .TM, .DT].contains(vr)
        if value.allSatisfy({ $0 == "*" }) {
            self = .everything
        } else if isMoment, let dash = Self.dash(value, vr) {
            let (lower, upper) = (String(value[..<dash]), String(value[value.index(after: dash)...]))
            self = .range(lower.isEmpty ? nil : lower, upper.isEmpty ? nil : upper)
        } else if parts.count > 1 && [.UI, .CS, .AE].contains(vr) {
            self = .oneOf(parts)
        } else if !isMoment && vr != .UI && value.contains(where: { $0 == "*" || $0 == "?" }) {
            self = .pattern(value)
        } else {
            self = .equal(value)
        }
    }

    /// The dash of a range; in DT an offset from UTC has one as well (`20200101120000-0500`).
    private static func dash(_ value: String, _ vr: VR) -> String.Index? {
        let dashes = value.indices.filter { value[$0] == "-" }
        guard vr == .DT, let first = dashes.first else { return dashes.first }
        let isOffset = { (index: String.Index) -> Bool in
            let rest = value[value.index(after: index)...].prefix { $0 != "-" }
            return index > value.startIndex && rest.count == 4 && (rest.first == "0" || rest.first == "1")
        }
        return dashes.first { !isOffset($0) } ?? (dashes.count > 1 ? dashes[1] : isOffset(first) ? nil : first)
    }

    /// Whether one value of an attribute matches.
    func matches(_ text: String, vr: VR) -> Bool {
        switch self {
        case .everything: return true
        case .equal(let wanted):
            switch vr {
            case .PN:
                return PersonWords.entries(of: text).contains("=" + PersonWords.whole(PersonWords.folded(wanted)))
            case .DS, .IS, .US, .SS, .UL, .SL, .FL, .FD, .UV, .SV:
                return text == wanted || (Double(text).map { $0 == Double(wanted) } ?? false)
            case .TM: return text >= wanted && text < wanted + ":"
            default: return text == wanted
            }
        case .oneOf(let wanted): return wanted.contains(text)
        case .pattern(let pattern):
            guard vr == .PN else { return Self.glob(pattern, text) }
            let pattern = PersonWords.folded(pattern)
            return PersonWords.folded(text).split(separator: "=").contains {
                Self.glob(pattern, PersonWords.whole(String($0)))
            }
        case .range(let lower, let upper):
            // A colon is behind the digits: `1305` as an end includes 13:05:59.
            return (lower.map { text >= $0 } ?? true) && (upper.map { text < $0 + ":" } ?? true)
        }
    }

    /// Whether an index finds it without a walk.
    var isNarrow: Bool {
        switch self {
        case .everything: false
        case .equal, .oneOf, .range: true
        case .pattern(let pattern): pattern.first != "*" && pattern.first != "?"
        }
    }

    static func glob(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern), Array(text))
        var (p, t) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (p, t) = (last.pattern + 1, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}

/// Terms that no column answers, matched against a data set.
struct DataSetMatch: Sendable {
    let terms: [AttributeQuery.Term]
    let isFuzzy: Bool

    func matches(_ data: DataSet) -> Bool {
        // All keys within one sequence have to match in the same item (PS3.4 section C.2.2.2.6).
        Dictionary(grouping: terms, by: { $0.path[0] }).allSatisfy { tag, terms in
            let inner = terms.filter { $0.path.count > 1 }.map {
                AttributeQuery.Term(path: Array($0.path.dropFirst()), value: $0.value)
            }
            let outer = terms.filter { $0.path.count == 1 }
            return outer.allSatisfy { matches(data, tag, $0.value) }
                && (inner.isEmpty
                    || data.items(tag).contains { DataSetMatch(terms: inner, isFuzzy: isFuzzy).matches($0) })
        }
    }

    private func matches(_ data: DataSet, _ tag: Tag, _ value: String) -> Bool {
        let vr = data[tag]?.vr ?? DICOMDictionary.vr(of: tag) ?? .LO
        let match = ValueMatch(value, vr: vr)
        if match == .everything { return true }
        return data.strings(tag).contains { text in
            vr == .PN && isFuzzy ? PersonWords.isFuzzyMatch(value, text) : match.matches(text, vr: vr)
        }
    }
}
