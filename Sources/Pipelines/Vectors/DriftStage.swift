public import Analysis
import Figures
import Foundation
import LightboxCore
import Warehouse

/// Tests window after window of a table's rows, or one of its sites after the other, for drift from the training cases.
///
/// A row for each: `part`, `rows`, `discrepancy`, `drift_p`, `is_drifted`, and `strange`, the share of its rows that are stranger
/// than 95 % of the training cases.
public struct DriftStage: Sendable {
    /// How rows become windows.
    public enum Division: Sendable {
        /// So many rows each, in their order; a rest of less than half joins the last one.
        case windows(Int)
        /// The rows of each value of a column, in the order of the values.
        case column(String)
    }

    public var source: VectorSource
    public var training: VectorSource
    public var division: Division
    /// The column that puts rows in order, before they are divided; nil: as the table gives them.
    public var order: String?
    /// Rows of one value are permuted together, and left out together; nil: `usualGroups`.
    public var group: String?
    /// Windows with a p-value up to this have drifted.
    public var rate = 0.01
    public var seed: UInt64 = 0
    /// The picture shows the discrepancy of each window and what it would have to exceed.
    public var output = AnalysisOutput()

    public init(_ source: VectorSource, against training: VectorSource, by division: Division) {
        self.source = source
        self.training = training
        self.division = division
    }

    public struct Part: Sendable, Codable {
        public let name: String
        public let rows: Int
        public let finding: DriftTest.Finding
        public let isDrifted: Bool
        /// Share of the rows that are stranger than 95 % of the training cases.
        public let strange: Double
    }

    public struct Summary: Sendable, Codable {
        public var rows = 0
        public var withoutVector = 0
        public var training = 0
        public var group: String?
        public var hasAppearance = false
        public var parts: [Part] = []
        public var outputs: [String] = []
    }

    public func run(_ context: StageContext) throws -> Summary {
        let warehouse = try Warehouse(home: context.home)
        let rows = try source.read(from: warehouse)
        let cases = try training.read(from: warehouse)
        let groups = (own: try rows.groups(group)?.values, training: try cases.groups(group))
        var summary = Summary(
            rows: rows.matrix.rows, withoutVector: rows.withoutVector, training: cases.matrix.rows,
            group: groups.training?.column)
        summary.hasAppearance = rows.appearance != nil && cases.appearance != nil
        let look = summary.hasAppearance ? (rows.appearance, cases.appearance) : (nil, nil)
        let model = try NoveltyModel(
            training: cases.matrix, appearance: look.1, groups: groups.training?.values, progress: context.progress
        )
        var test = try DriftTest(training: cases.matrix, appearance: look.1, groups: groups.training?.values)
        test.seed = seed
        let windows = try divided(rows)
        for (number, window) in windows.enumerated() {
            context.progress(ProgressUpdate(stage: "drift", completed: number, total: windows.count))
            if context.isCancelled() { throw Cancelled(stage: "analyze") }
            let picked = rows.matrix.rows(window.rows)
            let looks = look.0?.rows(window.rows)
            let finding = try test.test(
                picked, appearance: looks, groups: groups.own.map { all in window.rows.map { all[$0] } })
            let strange = try (0..<picked.rows).count { row in
                try model.score(Array(picked[row]), appearance: looks.map { Array($0[row]) }).isStrange(rate: 0.05)
            }
            summary.parts.append(
                Part(
                    name: window.name, rows: picked.rows, finding: finding, isDrifted: finding.pValue <= rate,
                    strange: Double(strange) / Double(picked.rows)))
        }
        summary.outputs = try write(summary.parts, context)
        return summary
    }

    // MARK: Windows

    private func divided(_ rows: VectorRows) throws -> [(name: String, rows: [Int])] {
        let order = try ordered(rows)
        switch division {
        case .windows(let size):
            let count = max(1, (order.count + size / 2) / size)
            return (0..<count).map { number in
                let end = number == count - 1 ? order.count : (number + 1) * size
                return ("rows \(number * size + 1)–\(end)", Array(order[(number * size)..<end]))
            }
        case .column(let column):
            var parts: [String: [Int]] = [:]
            let texts = try rows.texts(column)
            for row in order { if let text = texts[row] { parts[text, default: []].append(row) } }
            guard !parts.isEmpty else {
                throw InputError(.invalidInput, "The column \(column) is empty in every row.")
            }
            if let few = parts.first(where: { $0.value.count < 2 }) {
                throw InputError(
                    .invalidInput,
                    "\(column) has the value \(few.key) in one row only; a test needs two, and shows something from 20. "
                        + "Leave it out with --where, or use --window.")
            }
            return parts.sorted { $0.key.compare($1.key, options: .numeric) == .orderedAscending }
                .map { ($0.key, $0.value) }
        }
    }

    private func ordered(_ rows: VectorRows) throws -> [Int] {
        guard let order else { return Array(rows.cells.indices) }
        let texts = try rows.texts(order)
        guard let empty = texts.firstIndex(of: nil) else {
            return rows.cells.indices.sorted { left, right in
                let compared = texts[left]!.compare(texts[right]!, options: .numeric)
                return compared == .orderedSame ? left < right : compared == .orderedAscending
            }
        }
        throw InputError(.invalidInput, "Row \(empty + 1) has no \(order). Leave such rows out with --where.")
    }

    // MARK: Output

    private func write(_ parts: [Part], _ context: StageContext) throws -> [String] {
        let found: [(name: String, cells: [SQLValue])] = [
            ("part", parts.map { .text($0.name) }), ("rows", parts.map { .integer(Int64($0.rows)) }),
            ("discrepancy", parts.map { .real($0.finding.discrepancy) }),
            ("drift_p", parts.map { .real($0.finding.pValue) }),
            ("is_drifted", parts.map { .boolean($0.isDrifted) }), ("strange", parts.map { .real($0.strange) }),
        ]
        return try output.write(columns: found, title: "drift", source: source, context) { chart(parts).drawing() }
    }

    private func chart(_ parts: [Part]) -> LineChart {
        func line(_ name: String, _ value: (Part) -> Double) -> LineChart.Series {
            LineChart.Series(name, parts.enumerated().map { Point(Double($0 + 1), value($1)) })
        }
        return LineChart(
            title: "Drift of \(source.table)", xName: "part", yName: "discrepancy",
            series: [
                line("from the training cases") { $0.finding.discrepancy },
                line("level of 1 % false alarms") { $0.finding.level },
            ])
    }
}
