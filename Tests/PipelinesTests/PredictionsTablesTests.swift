import Evaluation
import Foundation
import LightboxCore
import Pipelines
import TestSupport
import Testing
import Warehouse

/// Tables made in the test, in a home that is gone after `body`.
private func withTables(
    _ tables: [String: (columns: [String], rows: [[SQLValue]])], _ body: (StageContext) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        let context = StageContext(home: try TestEngine.home(folder), threads: 2)
        let warehouse = try Warehouse(home: context.home)
        for (name, table) in tables {
            try warehouse.load(
                table.rows.map { row in TableRow(zip(table.columns, row).map { TableRow.Cell($0, $1) }) },
                into: TableName(name), disposition: .failIfExists, from: Provenance(source: "test"),
                at: Date(timeIntervalSince1970: 0))
        }
        try body(context)
    }
}

private func failure(_ body: () throws -> Void) -> InputError? {
    do {
        try body()
        return nil
    } catch {
        return error as? InputError
    }
}

@Suite("Predictions joined with labels") struct PredictionsTablesTests {
    /// Of scikit-learn's documentation of `roc_auc_score`: 0, 0, 1, 1 at 0.1, 0.4, 0.35, 0.8 is 0.75. The fifth is
    /// uncertain, the sixth for training, the seventh has no prediction.
    static let labels: (columns: [String], rows: [[SQLValue]]) = (
        ["path", "instance", "study_id", "patient_id", "view", "dataset", "Edema"],
        [
            ["1.png", "i1", "s1", "p1", "frontal", "valid", 0],
            ["2.png", "i2", "s1", "p1", "lateral", "valid", 0],
            ["3.png", "i3", "s2", "p2", "frontal", "valid", 1],
            ["4.png", "i4", "s3", "p3", "frontal", "valid", 1],
            ["5.png", "i5", "s4", "p4", "frontal", "valid", -1],
            ["6.png", "i6", "s5", "p5", "frontal", "train", 1],
            ["7.png", "i7", "s6", "p6", "frontal", "valid", .null],
        ]
    )
    static let first: (columns: [String], rows: [[SQLValue]]) = (
        ["path", "predicted_edema"],
        [
            ["1.png", 0.1], ["2.png", 0.4], ["3.png", 0.35], ["4.png", 0.8], ["5.png", 0.6], ["6.png", 0.9],
            ["8.png", 0.5],
        ]
    )
    /// Keyed by UID; the column is named as in the published tables.
    static let second: (columns: [String], rows: [[SQLValue]]) = (
        ["instance", "path", "edema"],
        [["i1", .null, 0.3], ["i2", .null, 0.2], ["i3", .null, 0.55], ["i4", .null, 0.6]]
    )

    private func stage(_ tables: [String], dataset: String? = "valid") -> EvaluateTablesStage {
        var stage = EvaluateTablesStage(predictions: tables, labels: "truth")
        stage.dataset = dataset
        stage.settings = .quick
        return stage
    }

    @Test("Leaves uncertain labels out and counts what does not match") func joins() throws {
        try withTables(["truth": Self.labels, "m": Self.first]) { context in
            let found = try stage(["m"]).run(context)
            #expect(found.matched == 5)
            #expect(found.unmatched.map(\.withoutLabels) == [1])
            #expect(found.unmatched.map(\.withoutPrediction) == [1])
            let label = try #require(found.evaluations.first?.labels.first)
            #expect(label.label == "edema")
            #expect(label.counts.cases == 4 && label.counts.positives == 2)
            #expect(label.auc.value == 0.75)
            #expect(found.comparisons.isEmpty)
        }
    }

    @Test("Takes uncertain labels as asked", arguments: [(UncertainHandling.asPositive, 5), (.asNegative, 4)])
    func uncertain(handling: UncertainHandling, pairs: Double) throws {
        try withTables(["truth": Self.labels, "m": Self.first]) { context in
            var stage = stage(["m"])
            stage.uncertain = handling
            let label = try #require(stage.run(context).evaluations.first?.labels.first)
            #expect(label.counts.cases == 5)
            // Pairs of six in the right order. Positive: 0.35, 0.6, 0.8 above 0.1, 0.4. Negative: 0.35, 0.8 above 0.1,
            // 0.4, 0.6.
            let area = try #require(label.auc.value)
            #expect(abs(area - pairs / 6) < 1e-15)
        }
    }

    @Test("Takes the view and the data set that are asked for") func filters() throws {
        try withTables(["truth": Self.labels, "m": Self.first]) { context in
            var stage = stage(["m"], dataset: nil)
            let all = try stage.run(context).matched
            #expect(all == 6)
            stage.view = "frontal"
            let frontal = try stage.run(context).matched
            #expect(frontal == 5)
            stage.view = "lateral"
            stage.dataset = "train"
            #expect(failure { _ = try stage.run(context) }?.kind == .notFound)
        }
    }

    @Test("Compares and joins two tables on the images of both") func two() throws {
        try withTables(["truth": Self.labels, "m": Self.first, "n": Self.second]) { context in
            var stage = stage(["m", "n"])
            stage.ensemble = .meanOfProbabilities
            let found = try stage.run(context)
            #expect(found.matched == 4)
            #expect(found.evaluations.map(\.model) == ["m", "n", "ensemble"])
            #expect(found.evaluations.map { $0.labels[0].auc.value } == [0.75, 1, 1])
            #expect(found.comparisons.count == 1)
            let comparison = try #require(found.comparisons.first?.labels.first)
            #expect(comparison.first.value == 0.75 && comparison.second.value == 1)
        }
    }

    @Test("Makes one case of a study's images") func studies() throws {
        try withTables(["truth": Self.labels, "m": Self.first]) { context in
            var stage = stage(["m"])
            stage.isByStudy = true
            let found = try stage.run(context)
            #expect(found.matched == 4)
            // Study 1 has 0.25, the mean of 0.1 and 0.4: below both positives.
            #expect(found.evaluations[0].labels[0].auc.value == 1)
            #expect(found.evaluations[0].labels[0].counts.cases == 3)
        }
    }

    @Test("Models of different views meet by study only") func views() throws {
        let frontal = (Self.first.columns, Self.first.rows.filter { $0[0] != "2.png" })
        let lateral = (Self.first.columns, Self.first.rows.filter { $0[0] == "2.png" })
        try withTables(["truth": Self.labels, "f": frontal, "l": lateral]) { context in
            var stage = stage(["f", "l"])
            stage.ensemble = .meanOfProbabilities
            #expect(failure { _ = try stage.run(context) }?.description.contains("no image in common") == true)
            stage.isByStudy = true
            let joined = try stage.run(context).matched
            #expect(joined == 1)
        }
    }

    @Test("Says which columns were compared, and no value") func unmatched() throws {
        let other = (["path", "predicted_edema"], [["secret/1.png", 0.1] as [SQLValue]])
        try withTables(["truth": Self.labels, "m": other]) { context in
            let error = failure { _ = try stage(["m"]).run(context) }
            #expect(error?.kind == .notFound)
            #expect(error?.description.contains("path") == true)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("Refuses predictions that stand there twice, and missing scores") func refused() throws {
        let double = (Self.first.columns, Self.first.rows + [["1.png", 0.2]])
        let missing = (Self.first.columns, Array(Self.first.rows.dropLast()) + [["7.png", .null]])
        let named = (["path", "predicted_fracture"], [["1.png", 0.1] as [SQLValue]])
        try withTables(["truth": Self.labels, "d": double, "m": missing, "o": named]) { context in
            for table in ["d", "m", "o"] {
                #expect(failure { _ = try self.stage([table]).run(context) }?.kind == .invalidInput, "\(table)")
            }
        }
    }
}
