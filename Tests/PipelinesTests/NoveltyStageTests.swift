import Analysis
import Features
import Foundation
import Imaging
import LightboxCore
import Pipelines
import TestSupport
import Testing
import Warehouse

@Suite("Strange cases and drift in tables") struct NoveltyStageTests {
    /// `training`: 120 rows of 60 patients. `new`: 60 rows, of which the last 30 of site "b" look otherwise; one has no vector.
    private func withTables(_ body: (StageContext, Warehouse, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            try home.create()
            let warehouse = try Warehouse(home: home)
            var random = SeededGenerator(seed: 11)
            func row(_ number: Int, _ further: [TableRow.Cell], strange: Bool = false) -> TableRow {
                let vector = (0..<6).map { Float($0 == (strange ? 0 : 1) ? 3 : 1) + Float(random.uniform()) }
                let look = (0..<Image.appearanceLength).map { _ in Float(random.uniform()) }
                return TableRow(
                    [
                        .init("path", .text("\(number).png")), .init("feature_vector", .vector(vector)),
                        .init("appearance", .vector(look)),
                    ] + further)
            }
            let training = (0..<120).map { row($0, [.init("patient", .text("p\($0 / 2)"))]) }
            var new = (0..<60).map { number in
                row(
                    1000 + number,
                    [
                        .init("site", .text(number < 30 ? "a" : "b")),
                        .init("day", .text("2024-01-\(number % 30 + 1)")),
                    ], strange: number >= 30)
            }
            new.append(TableRow([.init("path", "gone.png"), .init("site", "a")]))
            for (name, rows) in [("training", training), ("new", new)] {
                try warehouse.load(
                    rows, into: TableName(name), disposition: .truncate, from: .init(source: "test"), at: Date())
            }
            try body(StageContext(home: home, threads: 2), warehouse, folder)
        }
    }

    private func vectors(_ table: String, _ column: String, _ warehouse: Warehouse) throws -> [[Float]] {
        try warehouse.query("SELECT \(column) FROM \(table) WHERE \(column) IS NOT NULL ORDER BY rowid").rows.map {
            if case .vector(let vector) = $0[0] { vector } else { [] }
        }
    }

    @Test("Rows get the scores of the model, with what else is known of them") func scores() throws {
        try withTables { context, warehouse, folder in
            var stage = NoveltyStage(VectorSource("new"), against: .cases(VectorSource("training")))
            (stage.output, stage.save) = (AnalysisOutput("scored"), folder + "/novelty.safetensors")
            let summary = try stage.run(context)
            #expect(summary.rows == 60 && summary.withoutVector == 1 && summary.training == 120)
            #expect(summary.group == "patient" && summary.hasAppearance && (30...34).contains(summary.strange))
            let table = try warehouse.query("SELECT * FROM scored ORDER BY rowid")
            #expect(
                table.columns.map(\.name) == [
                    "path", "site", "day", "novelty", "novelty_p", "stranger_than", "is_strange",
                    "features_distance",
                    "features_p", "neighbours_distance", "neighbours_p", "appearance_distance", "appearance_p",
                ])
            let features = try vectors("training", "feature_vector", warehouse)
            let looks = try vectors("training", "appearance", warehouse)
            let model = try NoveltyModel(
                training: FeatureMatrix(rows: 120, columns: 6, values: features.flatMap(\.self)),
                appearance: FeatureMatrix(rows: 120, columns: 32, values: looks.flatMap(\.self)),
                groups: (0..<120).map { "p\($0 / 2)" })
            let (new, newLooks) = (
                try vectors("new", "feature_vector", warehouse), try vectors("new", "appearance", warehouse)
            )
            for (row, cells) in table.rows.enumerated() {
                let score = try model.score(new[row], appearance: newLooks[row])
                #expect(
                    Array(cells[3...5]) == [.real(score.statistic), .real(score.pValue), .real(score.percentile)])
                #expect(cells[6] == .boolean(score.isStrange()) || cells[6] == .integer(score.isStrange() ? 1 : 0))
                #expect(cells[7] == .real(score.features.distance) && cells[12] == .real(score.appearance!.pValue))
            }
            #expect(try warehouse.history(of: TableName("scored")).last?.provenance.notes["analysis"] == "novelty")

            // The file stands for the table.
            var again = NoveltyStage(VectorSource("new"), against: .file(folder + "/novelty.safetensors"))
            again.output = AnalysisOutput(folder + "/scored.csv")
            #expect(try again.run(context).strange == summary.strange)
            let lines = try String(contentsOfFile: folder + "/scored.csv", encoding: .utf8)
                .components(separatedBy: "\r\n")
            guard case .real(let first) = table.rows[0][3] else {
                Issue.record("no score")
                return
            }
            #expect(lines.count == 62 && lines[1].hasPrefix("1000.png,a,2024-01-1,\(first),"))
            #expect(try NoveltyModel(path: folder + "/novelty.safetensors").notes == ["training": "training"])
        }
    }

    @Test("Without the appearance on one side the features decide") func withoutAppearance() throws {
        try withTables { context, warehouse, _ in
            var stage = NoveltyStage(
                VectorSource("SELECT path, feature_vector FROM new"), against: .cases(VectorSource("training")))
            stage.output = AnalysisOutput("scored")
            let summary = try stage.run(context)
            #expect(!summary.hasAppearance && (30...34).contains(summary.strange))
            #expect(try warehouse.query("SELECT DISTINCT appearance_p FROM scored").rows == [[.null]])
        }
    }

    @Test("The site that looks otherwise has drifted, the other has not") func drift() throws {
        try withTables { context, warehouse, folder in
            var stage = DriftStage(
                VectorSource("new"), against: VectorSource("training"), by: .column("site"))
            stage.output = AnalysisOutput("drift")
            stage.output.figure = folder + "/drift.svg"
            let summary = try stage.run(context)
            #expect(summary.parts.map(\.name) == ["a", "b"] && summary.parts.map(\.rows) == [30, 30])
            #expect(summary.parts.map(\.isDrifted) == [false, true] && summary.group == "patient")
            #expect(summary.parts[0].strange < 0.2 && summary.parts[1].strange == 1)
            #expect(summary.parts[1].finding.pValue == 0.001)
            let table = try warehouse.query("SELECT part, rows, drift_p, strange FROM drift ORDER BY part")
            #expect(Array(table.rows[1]) == ["b", 30, .real(0.001), .real(1)])
            let figure = try String(contentsOfFile: folder + "/drift.svg", encoding: .utf8)
            #expect(figure.contains("Drift of new") && figure.contains("level of 1 % false alarms"))
        }
    }

    @Test("Windows follow the order of a column, and a short rest joins the last") func windows() throws {
        try withTables { context, _, _ in
            var stage = DriftStage(
                VectorSource("new"), against: VectorSource("training"), by: .windows(25))
            #expect(try stage.run(context).parts.map(\.rows) == [25, 35])
            stage.division = .windows(20)
            let inOrder = try stage.run(context)
            #expect(inOrder.parts.map(\.name) == ["rows 1–20", "rows 21–40", "rows 41–60"])
            #expect(inOrder.parts.map(\.strange)[2] == 1 && inOrder.parts[0].strange < 0.2)
            // By day both sites mix; the second is before the tenth.
            (stage.order, stage.division) = ("day", .windows(30))
            let mixed = try stage.run(context)
            #expect(mixed.parts.allSatisfy { (0.4...0.65).contains($0.strange) && $0.isDrifted })
        }
    }

    @Test("What cannot be compared says so") func refused() throws {
        try withTables { context, _, folder in
            func message(_ body: () throws -> Void) -> String {
                do { try body() } catch { return "\(error)" }
                return "no error"
            }
            let few = VectorSource("SELECT * FROM training LIMIT 5")
            #expect(
                message { _ = try NoveltyStage(VectorSource("new"), against: .cases(few)).run(context) }.contains(
                    "10 are the least"))
            var drift = DriftStage(VectorSource("new"), against: VectorSource("training"), by: .column("path"))
            #expect(message { _ = try drift.run(context) }.contains("in one row only"))
            drift.division = .column("nothing")
            #expect(message { _ = try drift.run(context) }.contains("no column nothing"))
            (drift.division, drift.order) = (.windows(20), "nothing")
            #expect(message { _ = try drift.run(context) }.contains("no column nothing"))
            try AtomicFile.write(Array("no model".utf8), to: folder + "/file")
            let foreign = NoveltyStage(VectorSource("new"), against: .file(folder + "/file"))
            #expect(message { _ = try foreign.run(context) }.contains("no such file"))
        }
    }

    @Test("embed keeps the appearance of each image as a second vector") func embedded() throws {
        try withTables { context, warehouse, folder in
            try FileManager.default.createDirectory(atPath: folder + "/images", withIntermediateDirectories: true)
            var images: [String: Image] = [:]
            for number in 0..<3 {
                var random = SeededGenerator(seed: UInt64(number))
                let samples = (0..<(24 * 24)).map { _ in UInt8(random.next() % UInt64(40 + 50 * number)) }
                let image = Image(width: 24, height: 24, channels: 1, samples: .uint8(samples))
                images["\(number).png"] = image
                try AtomicFile.write(PNG.encode(image), to: "\(folder)/images/\(number).png")
            }
            var configuration = ExtractorConfiguration(.untrained("tiny"))
            configuration.precision = .float32
            var stage = EmbedStage(extractor: configuration)
            stage.keepsAppearance = true
            _ = try stage.run(ImageInput(folder + "/images"), output: .table("pictures"), context)
            let rows = try warehouse.query("SELECT path, feature_vector, appearance FROM pictures").rows
            #expect(rows.count == 3)
            for row in rows {
                guard case .text(let path) = row[0], case .vector(let look) = row[2], row[1] != .null else {
                    Issue.record("no appearance")
                    return
                }
                let image = try #require(images[(path as NSString).lastPathComponent])
                #expect(zip(look, image.appearance()).allSatisfy { abs($0 - $1) < 1e-5 })
            }
            let read = try VectorSource("pictures").read(from: warehouse)
            #expect(read.appearance?.rows == 3 && read.appearance?.values != read.matrix.values)
        }
    }
}
