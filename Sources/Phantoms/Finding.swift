public import LightboxCore

/// The fourteen findings of CheXpert (Irvin et al. 2019) and MIMIC-CXR, in their usual order.
///
/// The raw values are the names of label columns and features.
public enum Finding: String, Sendable, Codable, CaseIterable, Hashable {
    case noFinding = "no_finding"
    case enlargedCardiomediastinum = "enlarged_cardiomediastinum"
    case cardiomegaly
    case airspaceOpacity = "airspace_opacity"
    case lungLesion = "lung_lesion"
    case edema
    case consolidation
    case pneumonia
    case atelectasis
    case pneumothorax
    case pleuralEffusion = "pleural_effusion"
    case pleuralOther = "pleural_other"
    case fracture
    case supportDevices = "support_devices"

    /// The wider finding that this one is a case of, as in CheXpert's hierarchy.
    public var parent: Finding? {
        switch self {
        case .cardiomegaly: .enlargedCardiomediastinum
        case .lungLesion, .edema, .consolidation, .atelectasis: .airspaceOpacity
        case .pneumonia: .consolidation
        default: nil
        }
    }
}

/// What one report says of each finding.
///
/// Always consistent: a finding is at least as certain as the findings below it in the hierarchy, and
/// ``Finding/noFinding`` is positive only where no other finding is positive or uncertain.
public struct LabelSet: Sendable, Equatable {
    private var states: [LabelState]

    public subscript(_ finding: Finding) -> LabelState { states[Self.position[finding]!] }

    /// One state per finding, in the order of `Finding.allCases`.
    public var values: [LabelState] { states }

    private static let position = Dictionary(
        uniqueKeysWithValues: Finding.allCases.enumerated().map { ($0.element, $0.offset) })

    /// Completes what a report says: raises the wider findings, and decides on ``Finding/noFinding``.
    ///
    /// - Parameter stated: what is said of single findings; others are not mentioned.
    public init(_ stated: [Finding: LabelState]) {
        states = Finding.allCases.map { $0 == .noFinding ? .notMentioned : stated[$0] ?? .notMentioned }
        // From the narrowest to the widest: pneumonia, consolidation, opacity.
        for finding in [Finding.pneumonia, .consolidation, .edema, .atelectasis, .lungLesion, .cardiomegaly] {
            guard let parent = finding.parent, self[finding].rawValue >= LabelState.uncertain.rawValue else {
                continue
            }
            if self[parent].rawValue < self[finding].rawValue { states[Self.position[parent]!] = self[finding] }
        }
        if states.allSatisfy({ $0.rawValue < LabelState.uncertain.rawValue }) {
            states[Self.position[.noFinding]!] = .positive
        }
    }
}
