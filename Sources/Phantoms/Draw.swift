import LightboxCore

/// Chance for drawing anatomy: a seeded generator with the few distributions that are needed.
struct Draw {
    private var generator: SeededGenerator

    init(seed: UInt64, stream: String) { generator = SeededGenerator(seed: seed, stream: stream) }

    mutating func next() -> UInt64 { generator.next() }

    mutating func uniform() -> Float { Float(generator.uniform()) }

    mutating func within(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

    /// 0..<`count`.
    mutating func index(_ count: Int) -> Int { min(count - 1, Int(generator.uniform() * Double(count))) }

    mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

    /// Mean 0, standard deviation 1, never beyond 3.5: four uniform numbers added.
    mutating func normal() -> Float {
        (uniform() + uniform() + uniform() + uniform() - 2) * 1.732_050_8
    }

    /// Normal, kept within `range`.
    mutating func normal(_ mean: Float, _ deviation: Float, in range: ClosedRange<Float>) -> Float {
        min(range.upperBound, max(range.lowerBound, mean + deviation * normal()))
    }

    /// An index, drawn with the given weights.
    mutating func weighted(_ weights: [Float]) -> Int {
        var rest = uniform() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.count - 1
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[index(choices.count)] }

    /// -1 (the patient's right, left in a frontal picture) or 1.
    mutating func side() -> Float { chance(0.5) ? 1 : -1 }
}
