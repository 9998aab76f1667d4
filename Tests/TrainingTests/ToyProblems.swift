import Foundation
import LightboxCore
import Networks
import Training

/// Small problems with a known answer.
enum Toy {
    /// Vectors whose label `l` is positive when number `l` is: four states, uncertain ones among them.
    static func labels(
        count: Int, labels: Int = 2, features: Int = 6, seed: UInt64, batch: Int = 8, order: UInt64?
    )
        throws -> MemoryData
    {
        var random = SeededGenerator(seed: seed)
        var values: [Float] = []
        var states: [[LabelState]] = []
        for _ in 0..<count {
            let row = (0..<features).map { _ in Float(random.uniform() * 2 - 1) }
            values += row
            states.append(
                (0..<labels).map { label in
                    let draw = random.uniform()
                    if draw < 0.2 { return .uncertain }
                    if row[label] > 0 { return .positive }
                    return draw < 0.6 ? .negative : .notMentioned
                })
        }
        return try MemoryData(
            inputs: NDArray(shape: [count, features], values: values), targets: .states(states),
            names: (0..<labels).map { "finding_\($0)" }, batchSize: batch, seed: order)
    }

    /// Grey images with a bright square at the left or at the right.
    static func sides(count: Int, size: Int = 16, seed: UInt64, batch: Int = 8, order: UInt64?) throws
        -> MemoryData
    {
        var random = SeededGenerator(seed: seed)
        var values: [Float] = []
        var classes: [Int?] = []
        for number in 0..<count {
            let isRight = random.uniform() < 0.5
            let corner = (
                row: Int(random.uniform() * Double(size - 6)), column: Int(random.uniform() * Double(size / 2 - 6))
            )
            for row in 0..<size {
                for column in 0..<size {
                    let inner = column - (isRight ? size / 2 : 0) - corner.column
                    let isInside = (0..<6).contains(row - corner.row) && (0..<6).contains(inner)
                    let grey = Float(random.uniform() * 0.2) + (isInside ? 0.8 : 0)
                    values += [grey, grey, grey]
                }
            }
            classes.append(number % 13 == 12 ? nil : isRight ? 1 : 0)
        }
        return try MemoryData(
            inputs: NDArray(shape: [count, size, size, 3], values: values), targets: .classes(classes),
            names: ["left", "right"], batchSize: batch, seed: order)
    }

    static func head(_ outputs: Int, features: Int = 6, hidden: Int? = nil, dropout: Float = 0) throws -> Graph {
        try ClassifierHead(hiddenUnits: hidden, dropout: dropout, classes: outputs).graph(features: features)
    }
}

/// Sees to it that a run is asked to stop after so many steps.
final class Stopper {
    private let limit: Int
    private(set) var step = 0
    private(set) var validations: [ValidationRecord] = []
    private(set) var notes: [String] = []
    private(set) var losses: [Double] = []

    init(after limit: Int = .max) { self.limit = limit }

    func see(_ event: TrainingEvent) {
        switch event {
        case .step(let progress):
            step = progress.step
            losses.append(progress.loss)
        case .validated(let record, _): validations.append(record)
        case .note(let text): notes.append(text)
        default: break
        }
    }

    var isAskedToStop: Bool { step >= limit }
}

extension Toy {
    /// Grey images with bright spots, and the maps that mark them.
    static func spots(count: Int, size: Int = 12, seed: UInt64, batch: Int = 8, order: UInt64?) throws
        -> MemoryData
    {
        var random = SeededGenerator(seed: seed)
        var images: [Float] = []
        var maps: [Float] = []
        for _ in 0..<count {
            let (row, column) = (Int(random.uniform() * Double(size)), Int(random.uniform() * Double(size)))
            for y in 0..<size {
                for x in 0..<size {
                    let isBright = abs(y - row) < 2 && abs(x - column) < 2
                    images.append(Float(random.uniform() * 0.3) + (isBright ? 0.7 : 0))
                    maps.append(isBright ? 1 : 0)
                }
            }
        }
        return try MemoryData(
            inputs: NDArray(shape: [count, size, size, 1], values: images),
            targets: .maps(maps, height: size, width: size), names: [], batchSize: batch, seed: order)
    }
}
