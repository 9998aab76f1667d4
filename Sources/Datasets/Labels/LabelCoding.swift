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

    /// The state that a cell means; nil when it means none.
    func state(_ cell: LabelCell) -> LabelState? {
        guard case .number(let number) = cell else { return .notMentioned }
        switch self {
        case .states: return number < 0 ? nil : LabelState(rawValue: Int(number))
        case .findings, .auto: return [-1: .uncertain, 0: .negative, 1: .positive][number]
        }
    }
}

/// What stands in a label column: nothing, or a whole number from −1 to 3, with or without decimals.
enum LabelCell: Sendable, Equatable {
    case empty
    case number(Int8)

    /// nil for anything else, `1.5` and `nan` included.
    init?(_ text: String) {
        switch text {
        case "": self = .empty
        case "1.0", "1": self = .number(1)
        case "0.0", "0": self = .number(0)
        case "-1.0", "-1": self = .number(-1)
        default:
            let trimmed = text.split(separator: " ")
            guard !trimmed.isEmpty else {
                self = .empty
                return
            }
            guard trimmed.count == 1, let value = Double(trimmed[0]), (-1...3).contains(value),
                value == value.rounded()
            else { return nil }
            self = .number(Int8(value))
        }
    }
}
