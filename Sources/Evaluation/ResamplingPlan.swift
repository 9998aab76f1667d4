import LightboxCore

/// What a bootstrap draws: single cases, or patients with all their cases; from all together, or from
/// positive and negative ones apart.
public struct ResamplingPlan: Sendable {
    /// How many cases there are.
    let count: Int
    /// Strata of units; each unit is a range of `cases`.
    let strata: [[Range<Int>]]
    /// Case numbers, those of a unit side by side.
    let cases: [Int]

    /// - Parameters:
    ///   - patients: for each case the number of its patient; nil draws single cases.
    ///   - isStratified: draws as many positive units as there are, and as many negative ones. A patient with any
    ///     positive case is a positive unit.
    public init(truths: [Bool], patients: [Int]? = nil, isStratified: Bool = true) {
        precondition(patients == nil || patients!.count == truths.count, "one patient for each case")
        count = truths.count
        var members: [[Int]] = []
        if let patients {
            var places: [Int: Int] = [:]
            for (index, patient) in patients.enumerated() {
                if let place = places[patient] {
                    members[place].append(index)
                } else {
                    places[patient] = members.count
                    members.append([index])
                }
            }
        } else {
            members = truths.indices.map { [$0] }
        }
        var (positive, negative) = ([Range<Int>](), [Range<Int>]())
        var start = 0
        for unit in members {
            let range = start..<start + unit.count
            if isStratified && unit.contains(where: { truths[$0] }) {
                positive.append(range)
            } else {
                negative.append(range)
            }
            start = range.upperBound
        }
        cases = Array(members.joined())
        strata = [positive, negative].filter { !$0.isEmpty }
    }

    /// Draws every stratum's units with replacement and counts how often each case came.
    ///
    /// - Parameter weights: one per case; overwritten.
    func draw(_ generator: inout SeededGenerator, into weights: inout [Int]) {
        for index in weights.indices { weights[index] = 0 }
        for units in strata {
            for _ in units.indices {
                // The high half of the product: uniform but for less than units.count / 2^64.
                let drawn = Int(generator.next().multipliedFullWidth(by: UInt64(units.count)).high)
                for place in units[drawn] { weights[cases[place]] += 1 }
            }
        }
    }
}
