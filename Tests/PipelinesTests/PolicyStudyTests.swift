import Datasets
import Evaluation
import Foundation
import Imaging
import LightboxCore
import Networks
import Pipelines
import Synchronization
import TestSupport
import Testing
import Training
import WireFormats

private let hasEngine = (try? TrainingPlace(output: "").chosenDevice(rank: 0)) != nil

/// Films of made-up patients, a frontal and a lateral one each, with two findings: `opacity` brightens a corner,
/// `edema` the whole film; noise over both. The list is `films.csv`; the frontal ones alone stand in `frontal.csv`.
private func drawFilms(_ folder: String, patients: Int = 72) throws {
    var random = SeededGenerator(seed: 8)
    var lines = ["path,patient,study,view,opacity,edema"]
    for patient in 0..<patients {
        let states = [patient % 2, patient / 2 % 2].map { $0 == 1 ? "1" : "0" }
        let opacity = patient % 5 == 0 ? "-1" : states[0]
        for view in ["frontal", "lateral"] {
            var samples: [UInt8] = []
            for place in 0..<256 {
                let isCorner = place / 16 < 8 && place % 16 < 8
                let light = (states[0] == "1" && isCorner ? 26 : 0) + (states[1] == "1" ? 14 : 0)
                samples.append(UInt8(60 + light + Int(random.next() % 120)))
            }
            let film = Image(width: 16, height: 16, channels: 1, samples: .uint8(samples))
            try AtomicFile.write(PNG.encode(film), to: "\(folder)/\(view)\(patient).png")
            lines.append("\(view)\(patient).png,p\(patient),s\(patient),\(view),\(opacity),\(states[1])")
        }
    }
    try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: folder + "/films.csv")
    for view in ["frontal", "lateral"] {
        let own = [lines[0]] + lines.filter { $0.hasPrefix(view) }
        let text = own.map { $0.replacing(",\(view),", with: ",,") }.joined(separator: "\n") + "\n"
        try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(view).csv")
    }
}

private func study(_ folder: String, _ output: String, images: String = "films.csv") throws -> PolicyStudy {
    var input = TrainingInput(images: folder + "/" + images)
    input.labels = try LabelSet(name: "two", kind: .states, names: ["opacity", "edema"])
    input.holdout = 0.3
    var settings = TrainingSettings(task: .labels(.ignore))
    settings.epochs = 3
    settings.batchSize = 8
    settings.threads = 1
    settings.learningRate = LearningRate(peak: 3e-3)
    var training = NetworkTraining(
        "tiny", input: input, place: TrainingPlace(output: folder + "/" + output), settings: settings)
    training.shape = ImageShape("16,16,1")
    training.scaling = .zeroToOne
    var study = PolicyStudy(training)
    study.policies = [.zeros, .ones]
    study.evaluation.bootstrap?.replicates = 200
    return study
}

private func context(_ folder: String) -> StageContext {
    StageContext(home: Home(path: folder + "/home"), threads: 1)
}

@Suite(
    "Study of policies", .serialized, .enabled(if: hasEngine, "needs libtorch, which scripts/bootstrap fetches"))
struct PolicyStudyTests {
    @Test("The ranking is that of the kept predictions") func ranking() throws {
        try withTemporaryFolder { folder in
            try drawFilms(folder)
            let updates = Mutex<[ProgressUpdate]>([])
            var context = context(folder)
            context.progress = { update in updates.withLock { $0.append(update) } }
            let result = try #require(try study(folder, "study").run(context))
            #expect(result.report.written == 4 && result.report.problems.isEmpty)
            let ranking = result.ranking
            #expect(ranking.parts.map(\.name) == ["frontal", "lateral", "average"] && ranking.notes.isEmpty)
            let films = try Films(folder + "/films.csv")
            var answers: [String: [String: [String: Double]]] = [:]
            for part in ranking.parts.dropLast() {
                for standing in part.standings {
                    let name = "\(part.name)-\(standing.policy)"
                    let scores = try films.scores("\(folder)/study/\(name)/predictions.csv", ["opacity", "edema"])
                    answers[name] = scores
                    try compare(standing, films, scores)
                }
            }
            // Films of a patient stand on one side in both views, so that every held-out study has both.
            #expect(ranking.parts.map(\.cases) == Array(repeating: ranking.parts[0].cases, count: 3))
            for standing in ranking.parts[2].standings {
                var mean: [String: [String: Double]] = [:]
                for (label, frontal) in try #require(answers["frontal-\(standing.policy)"]) {
                    let lateral = try #require(answers["lateral-\(standing.policy)"]?[label])
                    mean[label] = frontal.mapValues { $0 }.merging(lateral) { ($0 + $1) / 2 }
                }
                try compare(standing, films, mean)
            }
            for part in ranking.parts {
                let areas = part.standings.compactMap(\.macroAUC.value)
                #expect(areas.count == 2 && areas == areas.sorted(by: >))
                let difference = try #require(part.comparisons[0].macroDifference?.value)
                #expect(abs(difference - (areas[0] - areas[1])) < 1e-12)
                for (index, label) in part.labels.enumerated() {
                    let areas = part.standings.map { $0.labels[index].auc.value ?? 0 }
                    let leaders = part.standings.filter { $0.labels[index].auc.value == areas.max() }
                    #expect(Set(label.best) == Set(leaders.map(\.policy)))
                    #expect(label.rivals.count == 1 && label.rivals[0].policy != label.best[0])
                    if let difference = label.rivals[0].test?.difference {
                        #expect(abs(difference - (areas.max()! - areas.min()!)) < 1e-12)
                    }
                }
            }
            #expect(ranking.parts[2].againstViews.count == 4)
            for file in ["report.html", "ranking.csv", "study.json", "lateral-ones/evaluation/report.html"] {
                #expect(FileManager.default.fileExists(atPath: "\(folder)/study/\(file)"), "\(file)")
            }
            let stages = updates.withLock { Set($0.map(\.stage)) }
            #expect(
                stages.contains("1 of 4 frontal-zeros: train") && stages.contains("4 of 4 lateral-ones: train"))
            #expect(updates.withLock { $0.contains { $0.detail?.contains("all models 0:00:") ?? false } })
        }
    }

    /// Areas by counting pairs.
    private func compare(
        _ standing: StudyRanking.Standing, _ films: Films, _ scores: [String: [String: Double]]
    ) throws {
        for label in standing.labels {
            let answers = try #require(scores[label.label])
            let truths = films.states.compactMapValues { $0[label.label] }.filter { $0.value != "-1" }
            let known = answers.filter { truths[$0.key] != nil }
            let (sick, well) = (
                known.filter { truths[$0.key] == "1" }.map(\.value),
                known.filter { truths[$0.key] == "0" }.map(\.value)
            )
            let won = sick.reduce(0.0) { sum, score in
                well.reduce(sum) { $0 + (score > $1 ? 1 : score == $1 ? 0.5 : 0) }
            }
            #expect(label.cases == known.count && label.positives == sick.count)
            #expect(abs(try #require(label.auc.value) - won / Double(sick.count * well.count)) < 1e-12)
            #expect(label.auc.interval != nil)
        }
    }

    @Test("A study that was stopped ends with the same ranking") func resumed() throws {
        try withTemporaryFolder { folder in
            try drawFilms(folder)
            let whole = try #require(try study(folder, "whole").run(context(folder)))
            let model = folder + "/parts/frontal-zeros/model/model.json"
            var parts = 0
            var created: Date?
            var ranking: StudyRanking?
            while ranking == nil && parts < 20 {
                // Each call is asked often enough for one model and a half.
                let asked = Mutex(0)
                var context = context(folder)
                context.isCancelled = {
                    asked.withLock { count in
                        count += 1
                        return count > 60
                    }
                }
                do {
                    ranking = try study(folder, "parts").run(context)?.ranking
                } catch is Cancelled {
                    parts += 1
                }
                let date = try? FileManager.default.attributesOfItem(atPath: model)[.modificationDate] as? Date
                if let created { #expect(date == created) }
                created = created ?? date
            }
            #expect(parts >= 3 && created != nil)
            #expect(ranking == whole.ranking)
            let files = ["whole", "parts"].map {
                FileManager.default.contents(atPath: "\(folder)/\($0)/ranking.csv")
            }
            #expect(files[0] != nil && files[0] == files[1])
            let again = try #require(try study(folder, "whole").run(context(folder)))
            #expect(again.report.unchanged == 4 && again.report.written == 0 && again.ranking == whole.ranking)
        }
    }

    @Test("Refuses another plan in the same folder, and says what differs") func otherPlan() throws {
        try withTemporaryFolder { folder in
            try drawFilms(folder, patients: 40)
            var first = try study(folder, "study")
            first.views = [.lateral]
            first.policies = [.zeros]
            first.training.settings.epochs = 1
            let ranking = try #require(try first.run(context(folder))).ranking
            #expect(ranking.parts.map(\.name) == ["lateral"] && ranking.notes.count == 1)
            var other = first
            other.training.settings.batchSize = 4
            other.policies = [.zeros, .ones]
            do {
                _ = try other.run(context(folder))
                Issue.record("went on with another study")
            } catch {
                #expect((error as? InputError)?.kind == .conflict)
                let text = String(describing: error)
                #expect(text.contains("policies was zeros and is zeros ones now"))
                #expect(text.contains("settings.batchSize was 8 and is 4 now"))
            }
            other.training.place.overwrites = true
            #expect(try #require(try other.run(context(folder))).report.written == 2)
        }
    }

    @Test("Takes each view from files of its own") func filesByView() throws {
        try withTemporaryFolder { folder in
            try drawFilms(folder)
            var study = try study(folder, "study", images: "{view}.csv")
            study.policies = [.hybrid]
            study.training.settings.maxSteps = 2
            let ranking = try #require(try study.run(context(folder))).ranking
            #expect(ranking.parts.map(\.name) == ["frontal", "lateral", "average"])
            #expect(ranking.parts.map(\.unit) == [.film, .film, .study])
            #expect(ranking.parts[0].patients == ranking.parts[0].cases)
            study.training.input.images = folder + "/frontal.csv"
            #expect(throws: InputError.self) { try study.run(context(folder)) }
        }
    }
}

/// The list of films, by study.
private struct Films {
    var states: [String: [String: String]] = [:]
    private var studies: [String: String] = [:]

    init(_ path: String) throws {
        let reader = try CSVReader(path: path)
        while let row = try reader.next() {
            let study = row["study"] ?? ""
            studies[row["path"] ?? ""] = study
            states[study] = ["opacity": row["opacity"] ?? "", "edema": row["edema"] ?? ""]
        }
    }

    /// `[label][study]`.
    func scores(_ path: String, _ labels: [String]) throws -> [String: [String: Double]] {
        var scores: [String: [String: Double]] = [:]
        let reader = try CSVReader(path: path)
        while let row = try reader.next() {
            let study = try #require(studies[((row["path"] ?? "") as NSString).lastPathComponent])
            for label in labels {
                let score = try #require(row["predicted_" + label].flatMap(Float.init))
                scores[label, default: [:]][study] = Double(score)
            }
        }
        return scores
    }
}
