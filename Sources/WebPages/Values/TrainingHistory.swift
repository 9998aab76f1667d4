import Figures
import WireFormats

/// What each validation of a training found: the rows of its `history.csv`, which may still grow.
public struct TrainingHistory: Sendable, Equatable {
    /// One validation.
    public struct Row: Sendable, Equatable {
        public var step: Int
        public var trainingLoss: Double?
        public var validationLoss: Double?
        public var accuracy: Double?
        public var meanAUC: Double?
        public var learningRate: Double?

        public init(
            step: Int, trainingLoss: Double? = nil, validationLoss: Double? = nil, accuracy: Double? = nil,
            meanAUC: Double? = nil, learningRate: Double? = nil
        ) {
            self.step = step
            self.trainingLoss = trainingLoss
            self.validationLoss = validationLoss
            self.accuracy = accuracy
            self.meanAUC = meanAUC
            self.learningRate = learningRate
        }
    }

    public var rows: [Row]

    public init(_ rows: [Row]) { self.rows = rows }

    /// Reads a run's `history.csv`; what is not a number is passed over.
    ///
    /// - Throws: an error when the file is not there or is no CSV.
    public init(path: String) throws {
        let reader = try CSVReader(path: path)
        rows = []
        while let row = try reader.next() {
            guard let step = row["step"].flatMap(Int.init) else { continue }
            func value(_ column: String) -> Double? { row[column].flatMap(Double.init) }
            rows.append(
                Row(
                    step: step, trainingLoss: value("training_loss"), validationLoss: value("validation_loss"),
                    accuracy: value("accuracy"), meanAUC: value("mean_auc"), learningRate: value("learning_rate")))
        }
    }

    /// Losses, and how good the predictions are.
    var charts: [LineChart] {
        let losses = [series("training", \.trainingLoss), series("validation", \.validationLoss)].compactMap { $0 }
        let measures = [series("mean AUC", \.meanAUC), series("accuracy", \.accuracy)].compactMap { $0 }
        let best = rows.filter { $0.validationLoss?.isFinite ?? false }.min {
            $0.validationLoss! < $1.validationLoss!
        }
        return [("Loss", "loss", losses), ("Validation", "share", measures)].compactMap { title, name, series in
            guard !series.isEmpty else { return nil }
            var chart = LineChart(title: title, xName: "step", yName: name, series: series)
            if title == "Loss", rows.count > 1, let best { chart.mark = (Double(best.step), "lowest") }
            return chart
        }
    }

    private func series(_ name: String, _ value: KeyPath<Row, Double?>) -> LineChart.Series? {
        let points = rows.compactMap { row in row[keyPath: value].map { Point(Double(row.step), $0) } }
        return points.isEmpty ? nil : LineChart.Series(name, points)
    }
}
