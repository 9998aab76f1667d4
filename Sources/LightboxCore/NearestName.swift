/// Finds the name that was probably meant.
package enum NearestName {
    /// - Returns: the name that takes the fewest changes; nil when none is near.
    package static func of(_ name: String, among names: some Sequence<String>) -> String? {
        let lowered = Array(name.lowercased())
        let nearest = names.map { ($0, distance(lowered, Array($0.lowercased()))) }.min { $0.1 < $1.1 }
        guard let nearest, nearest.1 <= max(1, name.count / 3) else { return nil }
        return nearest.0
    }

    /// How many characters to add, drop or change (Levenshtein).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var previous = Array(0...b.count)
        for (row, character) in a.enumerated() {
            var current = [row + 1]
            for (column, other) in b.enumerated() {
                let change = previous[column] + (character == other ? 0 : 1)
                current.append(min(change, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[b.count]
    }
}
