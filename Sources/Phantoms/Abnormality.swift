import LightboxCore

/// Something that is drawn into a radiograph beside the normal anatomy.
struct Abnormality: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case cardiomegaly, wideMediastinum, haze, nodules, edema, consolidation, pneumonia, atelectasis
        case pneumothorax, effusion, pleuralThickening, fracture
        case endotrachealTube, centralLine, gastricTube, pacemaker, electrodes, chestTube

        var finding: Finding {
            switch self {
            case .cardiomegaly: .cardiomegaly
            case .wideMediastinum: .enlargedCardiomediastinum
            case .haze: .airspaceOpacity
            case .nodules: .lungLesion
            case .edema: .edema
            case .consolidation: .consolidation
            case .pneumonia: .pneumonia
            case .atelectasis: .atelectasis
            case .pneumothorax: .pneumothorax
            case .effusion: .pleuralEffusion
            case .pleuralThickening: .pleuralOther
            case .fracture: .fracture
            case .endotrachealTube, .centralLine, .gastricTube, .pacemaker, .electrodes, .chestTube:
                .supportDevices
            }
        }

        var isDevice: Bool { finding == .supportDevices }

        /// Whether it stays from study to study.
        var isChronic: Bool {
            switch self {
            case .cardiomegaly, .wideMediastinum, .nodules, .pleuralThickening, .pacemaker: true
            default: false
            }
        }
    }

    let kind: Kind
    /// -1 the patient's right, 1 the left.
    let side: Float
    /// Up to 1. From ``clear`` on nobody overlooks it; below it is borderline.
    var strength: Float
    /// Gives form and place, so that they stay the same in all pictures of the patient.
    let shape: UInt64

    static let clear: Float = 0.45

    func draw(_ part: String) -> Draw { Draw(seed: shape, stream: part) }
}

extension LabelSet {
    /// What a report says of a study with these abnormalities.
    ///
    /// A clear finding is reported as positive 94 times in 100 and otherwise with doubt; a borderline one with
    /// doubt 80 times in 100 and otherwise denied; of an absent one a quarter is denied, 6 in 1000 doubted, and
    /// the rest is not mentioned. Then the hierarchy is completed.
    init(reporting abnormalities: [Abnormality], _ draw: inout Draw) {
        var stated: [Finding: LabelState] = [:]
        for finding in Finding.allCases where finding != .noFinding {
            let strength = abnormalities.filter { $0.kind.finding == finding }.map(\.strength).max() ?? 0
            let chance = draw.uniform()
            stated[finding] =
                switch strength {
                case Abnormality.clear...: chance < 0.94 ? .positive : .uncertain
                case 0.01...: chance < 0.8 ? .uncertain : .negative
                default: chance < 0.006 ? .uncertain : (chance < 0.27 ? .negative : .notMentioned)
                }
        }
        self.init(stated)
    }
}
