import Figures
import Foundation
import LightboxCore

/// Charts of made-up numbers, easy and awkward ones, that the tests draw.
enum Samples {
    static let labels = [
        "no_finding", "enlarged_cardiomediastinum", "cardiomegaly", "airspace_opacity", "lung_lesion", "edema",
        "consolidation", "pneumonia", "atelectasis", "pneumothorax", "pleural_effusion", "pleural_other",
        "fracture",
        "support_devices",
    ]

    static let all: [(name: String, drawing: Drawing)] =
        [
            ("lines", lines.drawing()), ("lines-many", manyLines.drawing()), ("lines-log", rates.drawing()),
            ("lines-none", LineChart(title: "Loss", xName: "epoch", yName: "loss", series: []).drawing()),
            ("curves", curves(1).drawing()), ("curves-many", curves(14).drawing()),
            ("curves-none", noCurves.drawing()), ("reliability", reliability.drawing()),
            ("reliability-none", ReliabilityChart(title: "Edema", bins: []).drawing()),
            ("confusion", confusion(2).drawing()), ("confusion-many", confusion(14).drawing()),
            ("bars", bars.drawing()), ("bars-none", noBars.drawing()), ("intervals", intervals.drawing()),
            ("intervals-none", IntervalChart(title: "Areas", valueName: "AUC", rows: []).drawing()),
            ("strip", strip.drawing()), ("grid", grid.drawing()),
        ]

    static var lines: LineChart {
        let epochs = (1...12).map(Double.init)
        let train: [Double] = epochs.map { 0.7 * exp(-$0 / 5) + 0.1 }
        let valid: [Double] = epochs.map { 0.7 * exp(-$0 / 4) + 0.16 + 0.004 * $0 }
        return LineChart(
            title: "Loss", xName: "epoch", yName: "cross-entropy",
            series: [.init("train", train), .init("validation", valid)], mark: (8, "best epoch"))
    }

    static var manyLines: LineChart {
        let series = labels.enumerated().map { number, label in
            LineChart.Series(
                label,
                (0..<200).map { step in
                    let noise = 0.02 * sin(Double(step * (number + 3)))
                    let value = 0.9 - 0.02 * Double(number) - 0.4 * exp(-Double(step) / 40) + noise
                    return Point(Double(step * 500), step % 50 == 17 ? .nan : value)
                })
        }
        return LineChart(
            title: "Area under the ROC curve of the validation set for every one of the fourteen labels in turn",
            xName: "step", yName: "AUC", series: series)
    }

    static var rates: LineChart {
        let values = (0..<100).map { Point(Double($0), 1e-3 * exp(-Double($0) / 12)) }
        return LineChart(
            title: "Learning rate", xName: "step", yName: "rate", series: [.init("rate", values)],
            isLogarithmic: true)
    }

    static func curves(_ count: Int) -> CurveFigure {
        let curves = labels.prefix(count).enumerated().map { number, label in
            let power = 4 + Double(number)
            let shares = (0...60).map { Double($0) / 60 }
            return CurveFigure.Curve(
                name: label, precisionRecall: shares.map { Point($0, 1 - 0.7 * pow($0, power / 2)) },
                averagePrecision: 0.83 - 0.01 * Double(number), roc: shares.map { Point($0, pow($0, 1 / power)) },
                area: power / (power + 1),
                marks: [
                    (Point(0.1, pow(0.1, 1 / power)), "Youden 0.43"),
                    (Point(0.3, pow(0.3, 1 / power)), "sensitivity 0.9"),
                    (Point(0.12, pow(0.12, 1 / power)), "specificity 0.9"),
                ])
        }
        return CurveFigure(title: count == 1 ? "edema" : "All labels", curves: Array(curves), prevalence: 0.3)
    }

    static var noCurves: CurveFigure {
        CurveFigure(curves: [
            .init(name: "fracture", precisionRecall: [], averagePrecision: nil, roc: [], area: nil)
        ])
    }

    static var reliability: ReliabilityChart {
        let bins = (0..<10).map { bin in
            let middle = (Double(bin) + 0.5) / 10
            let observed = min(1, max(0, middle + 0.1 * sin(6 * middle)))
            return ReliabilityChart.Bin(
                range: (Double(bin) / 10)...(Double(bin + 1) / 10), meanProbability: middle, observed: observed,
                interval: max(0, observed - 0.06)...min(1, observed + 0.06), count: 12000 / (bin + 1))
        }
        return ReliabilityChart(title: "edema, ECE 0.043", bins: bins)
    }

    static func confusion(_ count: Int) -> ConfusionChart {
        let names = count == 2 ? ["daisy", "dandelion"] : Array(labels.prefix(count))
        let counts = (0..<count).map { row in
            (0..<count).map { column in row == column ? 1234 - 17 * row : (row * 7 + column * 3) % 40 }
        }
        return ConfusionChart(title: "Confusion at threshold 0.43", names: names, counts: counts)
    }

    static var bars: GroupedBarChart {
        func values(_ scale: Double) -> [[Double]] {
            labels.indices.map { label in
                [9000, 700, 400 * Double(label % 3), 1200 + 300 * Double(label % 5)].map { $0 * scale }
            }
        }
        return GroupedBarChart(
            title: "Labels of the data set", categories: labels,
            groups: ["not_mentioned", "negative", "uncertain", "positive"],
            panels: [.init("train", values(22)), .init("valid", values(0.2)), .init("test", values(0.31))])
    }

    static var noBars: GroupedBarChart {
        GroupedBarChart(categories: [], groups: [], panels: [.init("train", [])])
    }

    static var intervals: IntervalChart {
        let rows = labels.enumerated().map { number, label in
            let value = 0.92 - 0.02 * Double(number)
            let width = 0.005 + 0.006 * Double(number)
            return IntervalChart.Row(
                label,
                [
                    number == 4 ? nil : .init(value, (value - width)...(value + width)),
                    .init(value - 0.03, (value - 0.03 - width)...(value - 0.03 + width)),
                ])
        }
        return IntervalChart(
            title: "Area under the ROC curve, 95 % intervals", valueName: "AUC",
            groups: ["frontal u0.4 w0.75", "ignore"],
            rows: rows, reference: 0.5)
    }

    /// A grey image with a bright spot, and the heat map of it.
    static func spot(_ width: Int, _ height: Int, x: Double, y: Double) -> (image: Image, map: NDArray) {
        var values: [Float] = []
        for row in 0..<height {
            for column in 0..<width {
                let distance = hypot(Double(column) - x * Double(width), Double(row) - y * Double(height))
                values.append(Float(exp(-distance * distance / 120)))
            }
        }
        let image = Image(
            width: width, height: height, channels: 1, samples: .uint8(values.map { UInt8(40 + 200 * $0) }))
        return (image, NDArray(shape: [height, width, 1], values: values))
    }

    static var strip: ImageGrid {
        let (image, truth) = spot(64, 64, x: 0.3, y: 0.6)
        return .strip(
            input: image, truth: truth, prediction: spot(64, 64, x: 0.33, y: 0.57).map, title: "highlights")
    }

    static var grid: ImageGrid {
        let tiles = (0..<6).map { number in
            let (width, height) = number % 2 == 0 ? (96, 64) : (64, 80)
            return ImageGrid.Tile(
                spot(width, height, x: 0.15 * Double(number + 1), y: 0.5).image,
                captions: [
                    "pleural_effusion 0.\(97 - number)",
                    number == 3 ? "truth: enlarged_cardiomediastinum" : "truth: positive",
                ],
                frame: number == 3 ? .series(1) : nil)
        }
        return ImageGrid(title: "Validation examples", tiles, columns: 4, side: 120)
    }

    /// Every kind of block, with text that markup would take for its own.
    static var page: HTMLPage {
        var page = HTMLPage(title: "Training <densenet121> & \"heads\"", subtitle: "seed 7; MIMIC-CXR & friends")
        let picture = (try? grid.drawing().png(scale: 1)) ?? []
        page.add(
            "Summary",
            [
                .cards([
                    .init("Mean AUC", "0.871", note: "0.862 to 0.880"), .init("Images", "227,835"),
                    .init("Time", "3 h 12 min"),
                ]), .note("2 labels have <no> positive case."),
            ])
        page.add(
            "Curves",
            [
                .columns([
                    .figure(lines.drawing(), caption: "Loss of each epoch."),
                    .figure(rates.drawing(), caption: ""),
                ]),
                .picture(png: picture, width: 528, description: "examples", caption: "Validation examples."),
            ])
        page.add(
            "Settings",
            [
                .heading("Values"),
                .table(
                    HTMLTable(
                        caption: "Per label",
                        columns: [.init("Label", isNumeric: false), .init("AUC"), .init("Cases")],
                        rows: [["edema", "0.91", "12,345"], ["a<b>&c", "0.8", "7"]], highlighted: [0])),
                .details(
                    "Command",
                    [.code("lightbox train classifier --network densenet121 --uncertain 'u=0.4,w=0.75'")]),
                .paragraph("Done."),
            ])
        return page
    }
}
