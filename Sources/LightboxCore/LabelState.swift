/// What a report says of a finding. The raw values are those of the label columns in TFRecords.
public enum LabelState: Int, Sendable, Codable, CaseIterable, Hashable {
    case notMentioned = 0
    case negative = 1
    case uncertain = 2
    case positive = 3
}
