import LightboxCore

/// What the numbers in a table's label columns mean.
public enum LabelCoding: String, Sendable, Codable, CaseIterable {
    /// Told from the numbers: a 2 or a 3 anywhere means ``states``, otherwise ``findings``.
    case auto
    /// CheXpert's and MIMIC-CXR's: 1.0 positive, 0.0 negative, −1.0 uncertain, empty not mentioned.
    case findings
    /// Raw values of `LabelState`: 0 not mentioned, 1 negative, 2 uncertain, 3 positive; empty counts as 0.
    case states

    /// What a cell may hold, for messages.
    var rule: String {
        switch self {
        case .findings: "A label is 1.0 (positive), 0.0 (negative), -1.0 (uncertain) or empty (not mentioned)."
        case .states: "A label is 0 (not mentioned), 1 (negative), 2 (uncertain) or 3 (positive)."
        case .auto: "Labels are 1, 0, -1 or empty; or 0, 1, 2, 3."
        }
    }

    /// The number in a cell: −1...3, nil for an empty one.
    ///
    /// - Throws: ``NotALabel`` for anything else, `1.5` and `nan` included.
    static func number(_ cell: some StringProtocol) throws(NotALabel) -> Int8? {
        switch cell {
        case "": return nil
        case "1.0", "1": return 1
        case "0.0", "0": return 0
        case "-1.0", "-1": return -1
        default:
            let text = cell.split(separator: " ").joined()
            if text.isEmpty { return nil }
            guard let value = Double(text), (-1...3).contains(value), value == value.rounded() else {
                throw NotALabel()
            }
            return Int8(value)
        }
    }

    struct NotALabel: Error {}

    /// The state that a cell's number means; nil when it means none.
    func state(_ number: Int8?) -> LabelState? {
        guard let number else { return .notMentioned }
        switch self {
        case .states: return number < 0 ? nil : LabelState(rawValue: Int(number))
        case .findings, .auto: return [-1: .uncertain, 0: .negative, 1: .positive][number]
        }
    }
}
