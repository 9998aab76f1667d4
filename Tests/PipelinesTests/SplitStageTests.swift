import Foundation
import LightboxCore
import Pipelines
import TestSupport
import Testing
import WireFormats

@Suite("Splitting into training and evaluation") struct SplitStageTests {
    /// 300 patients with 1 to 5 images each; one label in ten is rare.
    static let images: [(label: String, group: String?)] = {
        var generator = SeededGenerator(seed: 3)
        return (0..<300).flatMap { patient in
            (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                (label: Int.random(in: 0..<10, using: &generator) == 0 ? "rare" : "common", group: "P\(patient)")
            }
        }
    }()

    @Test("No patient stands on both sides", arguments: 0..<20 as Range<UInt64>) func groups(seed: UInt64) {
        var stage = SplitStage()
        stage.seed = seed
        let sides = stage.assign(Self.images)
        let training = Set(zip(Self.images, sides).filter { !$0.1 }.map { $0.0.group })
        let evaluation = Set(zip(Self.images, sides).filter { $0.1 }.map { $0.0.group })
        #expect(training.isDisjoint(with: evaluation))
        #expect(!evaluation.isEmpty)
    }

    @Test("Every label has its share in evaluation", arguments: [0.1, 0.25, 0.5]) func stratified(share: Double) {
        var stage = SplitStage()
        stage.evaluationShare = share
        let sides = stage.assign(Self.images)
        for label in ["common", "rare"] {
            let all = Self.images.filter { $0.label == label }.count
            let evaluation = zip(Self.images, sides).filter { $0.0.label == label && $0.1 }.count
            #expect(abs(Double(evaluation) - share * Double(all)) <= 3, "\(label): \(evaluation) of \(all)")
        }
    }

    @Test("Without groups the shares are exact") func exact() {
        let images = (0..<200).map { (label: $0 < 100 ? "daisy" : "dandelion", group: String?.none) }
        let sides = SplitStage().assign(images)
        #expect(sides[..<100].filter { $0 }.count == 10)
        #expect(sides[100...].filter { $0 }.count == 10)
    }

    @Test("The same seed gives the same split, another seed another") func seeded() {
        var stage = SplitStage()
        let first = stage.assign(Self.images)
        #expect(stage.assign(Self.images) == first)
        stage.seed = 1
        #expect(stage.assign(Self.images) != first)
    }

    private func read(_ path: String) throws -> [[String]] {
        let reader = try CSVReader(path: path, hasHeader: false)
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(row.fields) }
        return rows
    }

    @Test(
        "Writes train.csv, eval.csv and dict.txt, from a CSV with or without a header", arguments: [true, false])
    func files(hasHeader: Bool) throws {
        try withTemporaryFolder { folder in
            let rows = (0..<40).map { ["images/\($0).jpg", $0 % 2 == 0 ? "nok" : "ok"] }
            let lines = (hasHeader ? [["path", "label"]] : []) + rows
            try AtomicFile.write(lines.flatMap { CSVWriter.row($0) }, to: folder + "/all.csv")
            let context = StageContext(home: Home(path: folder + "/home"))
            let report = try SplitStage().run(folder + "/all.csv", output: folder + "/split", context)
            #expect(report.written == 40)
            let training = try read(folder + "/split/train.csv")
            let evaluation = try read(folder + "/split/eval.csv")
            #expect(training[0] == ["path", "label"] && evaluation[0] == ["path", "label"])
            #expect((training.count, evaluation.count) == (37, 5))
            let absolute = Set(rows.map { folder + "/" + $0[0] })
            #expect(Set((training.dropFirst() + evaluation.dropFirst()).map { $0[0] }) == absolute)
            #expect(try String(contentsOfFile: folder + "/split/dict.txt", encoding: .utf8) == "nok\nok\n")
        }
    }
}
