import Datasets
import Figures
import Foundation
import LightboxCore
import Training

/// What stands in a study's folder.
extension PolicyStudy {
    /// `frontal-zeros`, `lateral-u0.4-w0.75`.
    static func memberName(_ view: ViewKind, _ policy: UncertaintyPolicy) -> String {
        let letters = policy.description.filter { $0 != "=" }.map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber || letter == "." || letter == "_") ? letter : "-"
        }
        return view.name + "-" + String(letters)
    }

    /// Refuses a folder with something else in it, or empties it.
    func makeRoom(for plan: StudyPlan, in folder: String) throws {
        let files = FileManager.default
        let existing = training.place.overwrites ? nil : try StudyRecord(folder: folder)
        if let existing {
            let differences = try existing.plan.differences(from: plan)
            guard differences.isEmpty else {
                throw InputError(
                    .conflict,
                    "\(folder) holds another study: \(differences.joined(separator: "; ")). Give the same as then to go "
                        + "on with it, another --output, or --overwrite to begin anew.")
            }
            return
        }
        let names = Self.memberNames(plan) + ["report.html", "ranking.csv", StudyRecord.fileName]
        if training.place.overwrites {
            // What models of another plan left behind says nothing in this one.
            let old = (try? StudyRecord(folder: folder)).map { Self.memberNames($0.plan) } ?? []
            for name in names + old { try? files.removeItem(atPath: folder + "/" + name) }
        } else if let taken = names.first(where: { files.fileExists(atPath: folder + "/" + $0) }) {
            throw InputError(
                .conflict,
                "\(folder) holds \(taken), and no \(StudyRecord.fileName) that says what it is. Give another --output, or "
                    + "--overwrite to begin anew.")
        }
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try StudyRecord(self, plan).write(to: folder)
    }

    private static func memberNames(_ plan: StudyPlan) -> [String] {
        plan.views.flatMap { view in
            plan.policies.compactMap { policy in
                guard let view = ViewKind(view.view), let policy = try? UncertaintyPolicy(parsing: policy) else {
                    return nil
                }
                return memberName(view, policy)
            }
        }
    }

    /// Writes the ranking as JSON beside the plan, as CSV and as a page.
    func keep(_ ranking: StudyRanking, _ plan: StudyPlan, in folder: String) throws {
        var record = StudyRecord(self, plan)
        record.ranking = ranking
        try AtomicFile.write(ranking.csv, to: folder + "/ranking.csv")
        try AtomicFile.write(Array(StudyPage(record, ranking).page().html().utf8), to: folder + "/report.html")
        try record.write(to: folder)
    }
}
