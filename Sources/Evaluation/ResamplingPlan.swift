import LightboxCore

/// What a bootstrap draws: single cases, or patients with all their cases; from all together, or from
/// positive and negative ones apart.
public struct ResamplingPlan: Sendable {
    /// How many cases there are.
    let count: Int
    /// Unit numbers of each stratum.
    let strata: [Range<Int>]
    /// Case numbers, those of a unit side by side.
    private let cases: [Int]
    /// Where in `cases` each unit begins, and the last ends.
    private let starts: [Int]

    /// Case numbers of a unit.
    func cases(ofUnit unit: Int) -> ArraySlice<Int> { cases[starts[unit]..<starts[unit + 1]] }

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
        let isPositive = members.map { unit in isStratified && unit.contains { truths[$0] } }
        let units =
            members.indices.filter { isPositive[$0] }.map { members[$0] }
            + members.indices.filter { !isPositive[$0] }.map { members[$0] }
        let positives = isPositive.count { $0 }
        strata = [0..<positives, positives..<units.count].filter { !$0.isEmpty }
        cases = Array(units.joined())
        starts = units.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// Draws every stratum's units with replacement and counts how often each case came.
    ///
    /// - Parameter weights: one per case; overwritten.
    func draw(_ generator: inout SeededGenerator, into weights: inout [Int]) {
        precondition(weights.count == count)
        let isSingle = cases.count == starts.count - 1
        weights.withUnsafeMutableBufferPointer { weights in
            weights.update(repeating: 0)
            for units in strata {
                let bound = UInt64(units.count)
                for _ in units {
                    // The high half of the product: uniform but for less than bound / 2^64.
                    let unit = units.lowerBound + Int(generator.next().multipliedFullWidth(by: bound).high)
                    if isSingle {
                        weights[cases[unit]] += 1
                    } else {
                        for index in cases(ofUnit: unit) { weights[index] += 1 }
                    }
                }
            }
        }
    }
}
