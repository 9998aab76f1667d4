import Datasets
import Figures
import Foundation
import LightboxCore
import Pipelines
import TestSupport
import Testing
import Warehouse

private let day = Date(timeIntervalSince1970: 1_600_000_000)

/// A home with one table, gone after `body`.
private func withTable(_ columns: [String], _ rows: [[SQLValue]], _ body: (StageContext) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let context = StageContext(home: try TestEngine.home(folder), threads: 2)
        try Warehouse(home: context.home).load(
            rows.map { row in TableRow(zip(columns, row).map { TableRow.Cell($0, $1) }) },
            into: TableName("labels"), disposition: .failIfExists, from: Provenance(source: "test"), at: day)
        try body(context)
    }
}

private func kind(_ body: () throws -> Void) -> FailureKind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? any Failure)?.kind
    }
}

@Suite("Counting labels") struct LabelsStageTests {
    static let columns = ["path", "patient_id", "view", "dataset", "edema", "pneumonia"]
    /// Six images of four patients, the notebook's numbers for view and data set.
    static let rows: [[SQLValue]] = [
        ["a", "p1", 0, 0, 3, 0], ["b", "p1", 1, 0, 3, 1], ["c", "p2", 0, 0, 2, 0],
        ["d", "p3", 0, 1, 0, 3], ["e", "p3", 1, 1, 1, 3], ["f", "p4", 0, 1, 3, 7],
    ]

    @Test("Counts states by view and data set in SQL") func counts() throws {
        try withTable(Self.columns, Self.rows) { context in
            let tally = try LabelsStage(.table("labels")).run(context).tally
            #expect(tally.labels == ["edema", "pneumonia"])
            #expect(tally.datasets == ["train", "valid"])
            #expect(tally.images("edema", .positive, dataset: "train") == 2)
            #expect(tally.images("edema", .positive, dataset: "train", view: "frontal") == 1)
            #expect(tally.images("edema", .uncertain, dataset: "train") == 1)
            #expect(tally.images("pneumonia", .positive, dataset: "valid") == 2)
            #expect(tally.images("pneumonia", .notMentioned, dataset: "train") == 2)
            #expect(tally.total(dataset: "train") == 3)
            #expect(tally.unreadable == ["pneumonia": 1])
        }
    }

    @Test("Counts one view only") func view() throws {
        try withTable(Self.columns, Self.rows) { context in
            var stage = LabelsStage(.table("labels"))
            stage.view = .lateral
            let tally = try stage.run(context).tally
            #expect(tally.images("edema", .positive, dataset: "train") == 1)
            #expect(tally.images("edema", .negative, dataset: "valid") == 1)
            #expect(tally.total(dataset: "valid") == 1)
        }
    }

    @Test("Reads the numbers of CheXpert and its names") func findings() throws {
        let columns = ["Path", "Frontal/Lateral", "Lung Opacity"]
        let rows: [[SQLValue]] = [
            ["a", "Frontal", 1], ["b", "Frontal", 0], ["c", "Lateral", -1], ["d", "Frontal", .null],
            ["e", "Frontal", 1],
        ]
        try withTable(columns, rows) { context in
            let tally = try LabelsStage(.table("labels")).run(context).tally
            #expect(tally.labels == ["airspace_opacity"])
            let counts = LabelState.allCases.map { tally.images("airspace_opacity", $0, dataset: nil) }
            #expect(counts == [1, 1, 1, 2])
        }
    }

    @Test("Refuses a split that shares patients, and passes one that does not") func leakage() throws {
        var stage = LabelsStage(.table("labels"))
        stage.checksLeakage = true
        try withTable(Self.columns, Self.rows) { [stage] context in
            let report = try stage.run(context)
            #expect(report.withoutPatient == 0)
        }
        let shared = Self.rows + [["g", "p1", 0, 1, 0, 0], ["h", .null, 0, 1, 0, 0]]
        try withTable(Self.columns, shared) { [stage] context in
            #expect(kind { _ = try stage.run(context) } == .conflict)
            do {
                _ = try stage.run(context)
            } catch {
                let text = String(describing: error)
                #expect(text.contains("1 patients") && text.contains("3 images"))
                #expect(!text.contains("p1"))
            }
        }
    }

    @Test("Says what a table lacks") func missing() throws {
        try withTable(["path", "edema"], [["a", 3]]) { context in
            var stage = LabelsStage(.table("labels"))
            stage.checksLeakage = true
            #expect(kind { _ = try stage.run(context) } == .invalidInput)
            stage = LabelsStage(.table("labels"))
            stage.labels = .chexpert14
            #expect(kind { _ = try stage.run(context) } == .invalidInput)
            #expect(kind { _ = try LabelsStage(.table("none")).run(context) } == .notFound)
        }
    }

    @Test("A CSV counts as the table of the same rows does") func input() throws {
        let rows = Self.rows.prefix(5)
        try withTable(Self.columns, Array(rows)) { context in
            let cells = rows.map { row in
                row.map { value -> String in
                    switch value {
                    case .text(let text): text
                    case .integer(let number): String(number)
                    default: ""
                    }
                }
            }
            let lines = ([Self.columns] + cells).map { $0.joined(separator: ",") + "\n" }
            let path = context.home.path + "/labels.csv"
            try AtomicFile.write(Array(lines.joined().utf8), to: path)
            let labels = try LabelSet(name: "two", kind: .states, names: ["edema", "pneumonia"])
            var stage = LabelsStage(.input(path))
            stage.labels = labels
            let found = try stage.run(context).tally
            let expected = try LabelsStage(.table("labels")).run(context).tally
            for dataset in expected.datasets {
                for view in ["frontal", "lateral"] {
                    for label in labels.names {
                        for state in LabelState.allCases {
                            #expect(
                                found.images(label, state, dataset: dataset, view: view)
                                    == expected.images(label, state, dataset: dataset, view: view))
                        }
                    }
                }
            }
            stage.checksLeakage = true
            let withoutPatient = try stage.run(context).withoutPatient
            #expect(withoutPatient == 0)
        }
    }

    @Test("Counts classes once for each image") func classes() throws {
        try withTemporaryFolder { folder in
            let text = "path,label,split\na,daisy,train\nb,rose,train\nc,daisy,valid\n"
            try AtomicFile.write(Array(text.utf8), to: folder + "/list.csv")
            let context = StageContext(home: try TestEngine.home(folder), threads: 1)
            let tally = try LabelsStage(.input(folder + "/list.csv")).run(context).tally
            #expect(tally.isExclusive)
            #expect(tally.total(dataset: "train") == 2)
            #expect(tally.images("daisy", .positive, dataset: "valid") == 1)
            #expect(tally.csv.contains("train,,rose,positive,1\n"))
            #expect(tally.text.split(separator: "\n").count == 5)
        }
    }

    @Test("Draws a panel for each data set") func chart() throws {
        try withTable(Self.columns, Self.rows) { context in
            let chart = try LabelsStage(.table("labels")).run(context).tally.chart(title: "Images")
            #expect(chart.panels.map(\.name) == ["train", "valid"])
            #expect(chart.panels[0].values == [[0, 0, 1, 2], [2, 1, 0, 0]])
            #expect(chart.drawing().svg().contains("pneumonia"))
        }
    }
}
