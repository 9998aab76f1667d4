import Foundation
import LightboxCore

/// Some validation samples as pictures, with the first things that the network says of them.
struct ShownSamples {
    struct Sample {
        /// The input, stretched over 0...255.
        var input: Image
        /// True and predicted map, `[height, width]`, 0...1; nil unless maps are learned.
        var truth: NDArray?, prediction: NDArray?
        /// "pneumonia 91 %", "edema 40 %".
        var predicted: [String]
        /// "edema, pneumonia (uncertain)".
        var actual: String
    }

    let samples: [Sample]

    /// - Parameters:
    ///   - output: logits or maps, as the network gave them.
    ///   - names: labels or classes.
    init(_ batch: TrainingBatch, _ output: NDArray, count: Int, objective: Objective, names: [String]) {
        samples = (0..<count).map { row in
            let input = Self.image(batch.inputs, row)
            let width = output.count / max(1, batch.count)
            let values = output.values[row * width..<(row + 1) * width].map(Double.init)
            switch (batch.targets, objective.task) {
            case (.maps(let maps, let height, let columns), .heatmap(let loss)):
                let size = height * columns
                let found = values.map { Float(loss == .crossEntropy ? sigmoid($0) : $0) }
                let truth = NDArray(shape: [height, columns], values: Array(maps[row * size..<(row + 1) * size]))
                let prediction = NDArray(shape: [height, columns], values: found)
                return Sample(input: input, truth: truth, prediction: prediction, predicted: [], actual: "")
            case (.states(let states), _):
                return Sample(
                    input: input, predicted: Self.top(values.map(sigmoid), names),
                    actual: Self.text(states[row], names))
            case (.classes(let classes), _):
                let actual = classes[row].map { names[$0] } ?? "no label"
                return Sample(
                    input: input, predicted: Self.top(softmax(values), names + ["no label"]), actual: actual)
            default: return Sample(input: input, predicted: [], actual: "")
            }
        }
    }

    /// The three highest.
    private static func top(_ scores: [Double], _ names: [String]) -> [String] {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        return order.prefix(3).map { index in
            let percent = Int((scores[index] * 100).rounded())
            return "\(names.indices.contains(index) ? names[index] : "\(index)") \(percent) %"
        }
    }

    private static func text(_ states: [LabelState], _ names: [String]) -> String {
        let said = zip(names, states).compactMap { name, state in
            switch state {
            case .positive: name
            case .uncertain: name + " (uncertain)"
            case .negative, .notMentioned: nil
            }
        }
        return said.isEmpty ? "none" : said.joined(separator: ", ")
    }

    /// A sample of `[n, height, width, channels]`, its smallest value black and its largest white.
    private static func image(_ inputs: NDArray, _ row: Int) -> Image {
        let (height, width, channels) = (inputs.shape[1], inputs.shape[2], inputs.shape[3])
        let size = height * width * channels
        let values = inputs.values[row * size..<(row + 1) * size]
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        let scale = high > low ? 255 / (high - low) : 0
        var samples = values.map { UInt8(max(0, min(255, (($0 - low) * scale).rounded()))) }
        if channels != 1 && channels != 3 {
            samples = stride(from: 0, to: samples.count, by: channels).map { samples[$0] }
        }
        return Image(
            width: width, height: height, channels: channels == 3 ? 3 : 1, samples: .uint8(samples))
    }
}
