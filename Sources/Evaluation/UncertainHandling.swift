public import LightboxCore

/// What becomes of uncertain labels when predictions are judged. A finding that is not mentioned counts as
/// negative, as in training.
public enum UncertainHandling: String, Sendable, Hashable, Codable, CaseIterable {
    case leaveOut = "leave_out"
    case asNegative = "as_negative"
    case asPositive = "as_positive"

    /// Whether the finding is taken to be there; nil leaves the case out.
    public func truth(of state: LabelState) -> Bool? {
        switch (state, self) {
        case (.positive, _): true
        case (.negative, _), (.notMentioned, _): false
        case (.uncertain, .leaveOut): nil
        case (.uncertain, .asNegative): false
        case (.uncertain, .asPositive): true
        }
    }
}
