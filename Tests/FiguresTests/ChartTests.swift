import Evaluation
import Figures
import Foundation
import LightboxCore
import Testing

/// Where the texts of a drawing stand.
private func boxes(_ elements: [Drawing.Element], dx: Double = 0, dy: Double = 0) -> [(
    text: String, box: Rectangle
)] {
    elements.flatMap { element -> [(text: String, box: Rectangle)] in
        switch element {
        case .placed(let inner, let place, _): return boxes(inner, dx: dx + place.x, dy: dy + place.y)
        case .clipped(let inner, _): return boxes(inner, dx: dx, dy: dy)
        case .text(let text):
            let width = TextMetrics.width(text.text, size: text.size, isBold: text.isBold)
            let shift = text.anchor == .start ? 0 : text.anchor == .middle ? -width / 2 : -width
            // From the baseline: capitals above, tails below.
            let (up, down) = (0.74 * text.size, 0.2 * text.size)
            let place = Point(text.place.x + dx, text.place.y + dy)
            guard text.rotation == -90 else {
                return [
                    (text.text, Rectangle(x: place.x + shift, y: place.y - up, width: width, height: up + down))
                ]
            }
            let box = Rectangle(x: place.x - up, y: place.y - shift - width, width: up + down, height: width)
            return [(text.text, box)]
        default: return []
        }
    }
}

@Suite("Charts") struct ChartTests {
    @Test("No text leaves its picture or covers another", arguments: Samples.all.map(\.name))
    func layout(name: String) throws {
        let drawing = try #require(Samples.all.first { $0.name == name }).drawing
        let texts = boxes(drawing.elements)
        for (index, (text, box)) in texts.enumerated() {
            let isInside = box.x >= -0.5 && box.y >= -0.5 && box.right <= drawing.width + 0.5
            #expect(isInside && box.bottom <= drawing.height + 0.5, "\(text) leaves \(name)")
            for (other, second) in texts[(index + 1)...] {
                let overlaps = box.x < second.right - 0.5 && second.x < box.right - 0.5
                #expect(
                    !(overlaps && box.y < second.bottom - 0.5 && second.y < box.bottom - 0.5), "\(text), \(other)")
            }
        }
    }

    @Test("Every chart is well-formed SVG and a PNG", arguments: Samples.all.map(\.name))
    func formats(name: String) throws {
        let drawing = try #require(Samples.all.first { $0.name == name }).drawing
        #expect(wordsOfXML(drawing.svg()) != nil)
        #expect(try TestPicture(png: drawing.png(scale: 1)).width == Int(drawing.width.rounded(.up)))
    }

    @Test("The same chart gives the same text twice") func repeats() {
        #expect(Samples.bars.drawing().svg() == Samples.bars.drawing().svg())
        #expect(Samples.lines.drawing() == Samples.lines.drawing())
    }

    func words(_ drawing: Drawing) -> [String] { boxes(drawing.elements).map(\.text) }

    @Test("The two panels say what workflow 4's say") func panels() {
        let words = words(Samples.curves(1).drawing())
        #expect(words.contains("Precision-Recall, AP=0.83") && words.contains("ROC, AUC=0.80"))
        #expect(words.contains { $0.hasPrefix("Recall") } && words.contains { $0.hasPrefix("Precision ") })
        #expect(words.contains { $0.hasPrefix("False positive rate") })
        #expect(words.filter { ["0", "0.2", "0.4", "0.6", "0.8", "1.0"].contains($0) }.count == 24)
        #expect(self.words(Samples.noCurves.drawing()).contains { $0.hasPrefix("not defined") })
    }

    @Test(
        "Axes get round numbers",
        arguments: [
            ([0.1037, 0.6731], ["0", "0.2", "0.4", "0.6", "0.8"]), ([3, 3], ["1", "2", "3", "4", "5"]),
            ([0, 198_000], ["0", "50k", "100k", "150k", "200k"]),
            ([-1e-6, 1e-6], ["−1e−6", "−5e−7", "0", "5e−7", "1e−6"]),
            ([.nan, .infinity], ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ])
    func ticks(values: [Double], expected: [String]) {
        let chart = LineChart(title: "", xName: "", yName: "", series: [.init("a", values)])
        let found = boxes(chart.drawing().elements).filter { $0.box.right < 60 && $0.box.bottom < 252 }.map(\.text)
        #expect(found == expected)
    }

    @Test("Charts take evaluations; what is not defined is left out or said") func evaluations() throws {
        let (evaluation, _) = SampleEvaluation.labels(6)
        let none = evaluation.labels[4]
        #expect(none.label == "lung_lesion" && none.roc == nil)
        #expect(words(CurveFigure(none).drawing()).filter { $0.hasPrefix("not defined") }.count == 2)
        #expect(CurveFigure(title: "", labels: evaluation.labels).curves.count == 5)
        let one = CurveFigure(evaluation.labels[0])
        #expect(one.curves[0].area == evaluation.labels[0].auc.value && one.curves[0].marks.count == 4)
        let intervals = IntervalChart(title: "", areasOf: [evaluation])
        #expect(words(intervals.drawing()).filter { $0 == "not defined" }.count == 1)
        let bins = ReliabilityChart(evaluation.labels[0]).bins
        #expect(bins.map(\.count).reduce(0, +) == evaluation.labels[0].counts.cases)
        let confusion = try #require(evaluation.labels[0].operatingPoints[0].confusion)
        #expect(words(ConfusionChart(title: "", confusion).drawing()).contains("\(confusion.truePositives)"))
    }

    @Test("A strip has input, truth and prediction; images keep their shape") func images() {
        #expect(
            words(Samples.strip.drawing()).filter { ["Input", "Truth", "Prediction"].contains($0) }.count == 3)
        let shapes = Samples.grid.drawing().elements.compactMap { element -> Double? in
            guard case .image(let image, let box, _) = element else { return nil }
            return box.width / box.height * Double(image.height) / Double(image.width)
        }
        #expect(shapes.count == 6 && shapes.allSatisfy { abs($0 - 1) < 1e-9 })
    }
}
