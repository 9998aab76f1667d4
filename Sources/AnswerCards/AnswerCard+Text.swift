import Foundation

extension AnswerCard {
    /// What the card says, in sentences: for reports that hold text.
    public var sentences: [String] {
        answer.labels.flatMap(\.sentences)
            + [
                answer.novelty?.sentence, answer.novelty?.appearanceSentence, answer.cases?.sentence,
                drift.flatMap(\.sentence),
                "Model \(answer.model.title), SHA-256 \(answer.model.sha256); answer \(sha256).",
            ].compactMap { $0 }
    }
}

extension AnswerCard.Model {
    /// `films, version v1`.
    public var title: String { version.map { "\(name), version \($0)" } ?? name }
}

extension AnswerCard.Label {
    var sentences: [String] {
        var result: [String] = []
        if let calibration {
            result.append(
                "\(label): of \(calibration.cases) evaluated cases that scored \(Decimals.two(calibration.from)) to "
                    + "\(Decimals.two(calibration.to)), \(calibration.positives) had it: \(calibration.probability.percent)."
            )
        }
        if let sensitivity, let specificity {
            let rule = threshold.map { "from \(Decimals.two($0)) on" } ?? "by the highest score"
            result.append(
                "\(label) is called found \(rule): sensitivity \(sensitivity.percent), specificity \(specificity.percent)."
            )
        }
        return result
    }
}

extension AnswerCard.Cases {
    var sentence: String? {
        nearest.first.map { nearest in
            let labels = nearest.labels.isEmpty ? "no label" : nearest.labels.joined(separator: ", ")
            return "The nearest of \(count) known cases (\(labels)) has a similarity of "
                + "\(Decimals.two(Double(nearest.similarity)))."
        }
    }
}

extension AnswerCard.Novelty {
    /// Whether the image is among its like.
    var sentence: String {
        let share = Decimals.percent(pValue)
        return isStrange
            ? "The image is unlike what the model was made from: of its \(cases) cases no more than \(share) are as strange. "
                + "Do not rely on the scores."
            : "The image is like what the model was made from: \(share) of its \(cases) cases are at least as strange."
    }

    /// What is said of the picture's brightness and sharpness, where it is known.
    var appearanceSentence: String? {
        appearance.map {
            "By its brightness and sharpness alone, \(Decimals.percent($0)) of them are at least as strange."
        }
    }
}

extension AnswerCard.Drift {
    /// So few images say nothing yet.
    private static let fewImages = 20

    /// nil as long as nothing can be said.
    var sentence: String? {
        guard isDrifting || images >= Self.fewImages else { return nil }
        let all = "The \(images) images since the service began, taken together, are"
        return isDrifting
            ? "\(all) unlike what the model was made from (\(Decimals.two(evidence)), alarm at \(alarmsEvery))."
            : "\(all) like what the model was made from (\(Decimals.two(evidence)), alarm at \(alarmsEvery))."
    }
}

extension AnswerCard.Proportion {
    /// `84 % (76–90 %)`.
    public var percent: String {
        "\(Decimals.percent(value)) (\(Decimals.percent(lower, withSign: false))–\(Decimals.percent(upper)))"
    }
}

/// Numbers as people read them.
enum Decimals {
    static func two(_ value: Double) -> String { String(format: "%.2f", value) }

    static func percent(_ share: Double, withSign: Bool = true) -> String {
        let percent = 100 * share
        let text = String(format: percent < 1 && percent > 0 ? "%.1f" : "%.0f", percent)
        return withSign ? text + " %" : text
    }
}
