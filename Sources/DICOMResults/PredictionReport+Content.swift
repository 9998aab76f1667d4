import DICOM
import LightboxCore

extension PredictionReport {
    /// The tree, in the order of TID 1500. The template may be extended (PS3.16): a comment closes it.
    var content: ContentItem {
        .container(
            Code("126000", "DCM", "Imaging Measurement Report"), template: "1500",
            [.code(.hasConceptModifier, .language, .english)] + observer
                + [.code(.hasConceptModifier, Code("121058", "DCM", "Procedure reported"), procedure)]
                + [
                    .container(Code("126010", "DCM", "Imaging Measurements"), groups.map(measurements)),
                    .text(.contains, Code("121106", "DCM", "Comment"), Authorship.statement),
                ])
    }

    /// TID 1002 and 1004: a device observed.
    private var observer: [ContentItem] {
        let name = "\(Authorship.program) \(authorship.version)"
        return [
            .code(.hasObservationContext, Code("121005", "DCM", "Observer Type"), Code("121007", "DCM", "Device")),
            .uid(
                .hasObservationContext, Code("121012", "DCM", "Device Observer UID"),
                ResultUID.make(["device", name])),
            .text(.hasObservationContext, Code("121013", "DCM", "Device Observer Name"), Authorship.program),
            .text(
                .hasObservationContext, Code("121014", "DCM", "Device Observer Manufacturer"), Authorship.program),
            .text(.hasObservationContext, Code("121015", "DCM", "Device Observer Model Name"), name),
        ]
    }

    /// The study's own procedure, or what the modality says of it.
    private var procedure: Code {
        let dataSet = groups[0].source.dataSet
        if let item = dataSet.items(.procedureCodeSequence).first,
            let value = item.string(.codeValue) ?? item.string(.longCodeValue),
            let scheme = item.string(.codingSchemeDesignator), let meaning = item.string(.codeMeaning)
        {
            return Code(value, scheme, meaning)
        }
        return switch dataSet.string(.modality) {
        case "CR", "DX", "RG", "RF", "MG", "PX", "IO": Code("168537006", "SCT", "Plain radiography")
        default: Code("363679005", "SCT", "Imaging procedure")
        }
    }

    /// TID 1501.
    private func measurements(of group: Group) -> ContentItem {
        let place = group.source.place(frame: group.frame)
        let tracking = ResultUID.make("tracking", authorship.algorithm, [place])
        let name = group.frame.map { "Frame \($0)" } ?? "Whole image"
        return .container(
            Code("125007", "DCM", "Measurement Group"), template: "1501",
            [
                .text(.hasObservationContext, Code("112039", "DCM", "Tracking Identifier"), name),
                .uid(.hasObservationContext, Code("112040", "DCM", "Tracking Unique Identifier"), tracking),
            ] + algorithm + group.scores.map(measurement) + group.scores.compactMap(decision)
                + [
                    .image(
                        .contains, Code("121112", "DCM", "Source of Measurement"), group.source, frame: group.frame
                    )
                ] + group.remarks.map { .text(.contains, Code("121106", "DCM", "Comment"), $0) })
    }

    /// TID 4019. Its family is left out: readers take every code in a group for an evaluation.
    private var algorithm: [ContentItem] {
        let algorithm = authorship.algorithm
        return [
            .text(.hasConceptModifier, Code("111001", "DCM", "Algorithm Name"), algorithm.name),
            .text(.hasConceptModifier, Code("111003", "DCM", "Algorithm Version"), algorithm.version),
        ]
            + algorithm.allParameters.map {
                .text(.hasConceptModifier, Code("111002", "DCM", "Algorithm Parameters"), $0)
            }
    }

    private func measurement(of score: Score) -> ContentItem {
        .number(
            .contains, .label(score.label), score.probability, unit: Code("{probability}", "UCUM", "probability"),
            [
                .code(
                    .hasConceptModifier, Code("121401", "DCM", "Derivation"), Code("122157", "DCM", "Probability"))
            ])
    }

    /// A qualitative evaluation: whether the threshold is reached.
    private func decision(of score: Score) -> ContentItem? {
        score.isFound.map { isFound in
            .code(
                .contains, .label(score.label),
                isFound ? Code("52101004", "SCT", "Present") : Code("272519000", "SCT", "Absent"))
        }
    }
}

extension Code {
    static let language = Code("121049", "DCM", "Language of Content Item and Descendants")
    static let english = Code("en", "RFC5646", "English")
    static let artificialIntelligence = Code("123110", "DCM", "Artificial Intelligence")
}
