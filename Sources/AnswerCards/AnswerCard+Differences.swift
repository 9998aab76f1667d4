import Foundation

extension AnswerCard.Answer {
    /// What another answer says otherwise, in words; empty exactly when both have the same bytes.
    public func differences(from other: AnswerCard.Answer) -> [String] {
        guard (try? serialized()) != (try? other.serialized()) else { return [] }
        var found: [String] = []
        if model.sha256 != other.model.sha256 { found.append("the model’s file is another one") }
        if model.manifest != other.model.manifest {
            found.append("model.json is another one: labels, thresholds, preprocessing or evaluation were changed")
        }
        if labels.map(\.label) != other.labels.map(\.label) {
            found.append("the labels are others")
        } else if let largest = zip(labels, other.labels).map({ abs($0.score - $1.score) }).max(), largest > 0 {
            found.append("scores differ by \(largest) at most")
        }
        if heatmap != other.heatmap { found.append("the heat map is another one") }
        if novelty?.sha256 != other.novelty?.sha256 {
            found.append("the model’s own cases are others")
        } else if novelty != other.novelty {
            found.append("the image is strange to another degree")
        }
        switch (cases, other.cases) {
        case (let mine?, let theirs?) where mine.sha256 != theirs.sha256:
            found.append("the table \(mine.table) holds other cases now")
        case (nil, nil): break
        case (let mine, let theirs) where mine != theirs: found.append("the nearest cases are others")
        default: break
        }
        return found.isEmpty ? ["something else differs"] : found
    }
}
