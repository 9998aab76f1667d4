import Foundation
import Imaging
public import LightboxCore

/// Made pictures for the heat-map network: noise on a dark ground with a few bright, soft spots, and a map of
/// where these are. The same seed gives the same pictures.
public struct BrightSpots: Sendable, Hashable, Codable {
    public let seed: UInt64
    public let count: Int
    /// Pixels.
    public let height: Int
    public let width: Int

    public init(seed: UInt64 = 1, count: Int = 1000, height: Int = 128, width: Int = 128) {
        precondition(count > 0 && height >= 8 && width >= 8)
        (self.seed, self.count, self.height, self.width) = (seed, count, height, width)
    }

    /// A spot's centre, its radius (at which it has lost 40 % of its light) and its light, 0...1.
    private struct Spot {
        let row, column, radius, light: Float
    }

    /// - Returns: an RGB picture, and its heat map with one channel: white at the middle of a spot, black where
    ///   there is none.
    public func pair(_ number: Int) -> (image: Image, heatmap: Image) {
        var generator = SeededGenerator(seed: seed, stream: "bright spots \(number)")
        func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * Float(generator.uniform()) }
        let side = Float(min(height, width))
        let spots = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
            Spot(
                row: uniform(0, Float(height - 1)), column: uniform(0, Float(width - 1)),
                radius: uniform(0.04, 0.1) * side, light: uniform(0.6, 1))
        }
        let ground = (uniform(15, 70), uniform(15, 70), uniform(15, 70))
        let noise = uniform(10, 40)
        var light = [Float](repeating: 0, count: height * width)
        for spot in spots { add(spot, to: &light) }
        var samples = [UInt8](repeating: 0, count: 3 * height * width)
        for pixel in 0..<(height * width) {
            let glow = min(light[pixel], 1)
            for (channel, base) in [ground.0, ground.1, ground.2].enumerated() {
                let dark = base + uniform(0, noise)
                samples[3 * pixel + channel] = UInt8(min(dark + (255 - dark) * glow + 0.5, 255))
            }
        }
        let heat = light.map { UInt8(min($0, 1) * 255 + 0.5) }
        return (
            Image(width: width, height: height, channels: 3, samples: .uint8(samples)),
            Image(width: width, height: height, channels: 1, samples: .uint8(heat))
        )
    }

    private func add(_ spot: Spot, to light: inout [Float]) {
        let reach = 3 * spot.radius
        let rows = max(0, Int(spot.row - reach))...min(height - 1, Int(spot.row + reach))
        let columns = max(0, Int(spot.column - reach))...min(width - 1, Int(spot.column + reach))
        for row in rows {
            for column in columns {
                let (down, right) = (Float(row) - spot.row, Float(column) - spot.column)
                let distance = (down * down + right * right) / (spot.radius * spot.radius)
                light[row * width + column] += spot.light * exp(-0.5 * distance)
            }
        }
    }

    /// Writes `spot00000.png` and `spot00000_heatmap.png`, … into an existing folder.
    public func write(to folder: String) throws -> StageReport {
        var report = StageReport(stage: "bright spots")
        for number in 0..<count {
            let (image, heatmap) = pair(number)
            let digits = String(repeating: "0", count: max(0, 5 - String(number).count)) + String(number)
            try AtomicFile.write(PNG.encode(image), to: "\(folder)/spot\(digits).png")
            try AtomicFile.write(PNG.encode(heatmap), to: "\(folder)/spot\(digits)_heatmap.png")
            report.written += 1
        }
        report.outputs = [folder]
        return report
    }
}

extension LabelledDataset {
    /// Made pictures with their heat maps; nothing is on the disk.
    public static func brightSpots(_ spots: BrightSpots) -> LabelledDataset {
        var table = SampleTable(labelCount: 1, sources: .brightSpots(spots))
        var names = TextColumn()
        for number in 0..<spots.count {
            names.append("spot \(number)")
            table.append(patient: nil, study: nil, view: nil, split: nil)
        }
        table.keys = [("path", names)]
        return LabelledDataset(labels: .brightness, content: .heatmaps, table: table)
    }
}

extension LabelSet {
    /// The one label of heat maps.
    static let brightness = LabelSet(unchecked: "heatmap", .states, [Label("heat")])
}
