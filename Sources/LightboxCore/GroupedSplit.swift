/// Sets part of the images aside: seeded, every label in about the same share on both sides, and no group (a
/// patient's images) on both.
///
/// Groups are taken in a seeded order, large ones first, and each goes to the side that keeps every label's share
/// of what has been dealt out nearest to the share asked for; so a rare label is not left to chance, and small
/// groups even out what large ones upset.
public struct GroupedSplit: Sendable, Codable, Hashable {
    /// Share of the images that is set aside, 0..<1.
    public var share: Double
    public var seed: UInt64

    public init(share: Double, seed: UInt64) {
        self.share = share
        self.seed = seed
    }

    /// One image as the rule sees it.
    public struct Member: Sendable {
        /// What has to be spread evenly: one class, or each finding that the image shows.
        public let labels: [String]
        /// Images of one group stay together; nil or empty for an image that stands alone.
        public let group: String?

        public init(labels: [String], group: String?) {
            self.labels = labels
            self.group = group
        }
    }

    /// For each image whether it is set aside.
    public func assign(_ images: [Member]) -> [Bool] {
        let names = Set(images.flatMap(\.labels)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
        let labels = images.map { image in image.labels.map { numbers[$0]! } }
        var totals = Array(repeating: 0.0, count: names.count)
        for label in labels.joined() { totals[label] += 1 }
        var dealt = Array(repeating: 0.0, count: names.count)
        var chosen = dealt
        var isSetAside = Array(repeating: false, count: images.count)
        for members in groups(of: images) {
            var counts: [Int: Double] = [:]
            for index in members { for label in labels[index] { counts[label, default: 0] += 1 } }
            // Squared distance from the shares, if the group were set aside, less that if it were not.
            let change = counts.sorted { $0.key < $1.key }.reduce(0.0) { sum, entry in
                let (label, count) = entry
                let missing = share * (dealt[label] + count) - chosen[label]
                return sum + count * (count - 2 * missing) / (totals[label] * totals[label])
            }
            for (label, count) in counts { dealt[label] += count }
            guard change < 0 else { continue }
            for index in members { isSetAside[index] = true }
            for (label, count) in counts { chosen[label] += count }
        }
        return isSetAside
    }

    /// Indices of images that stay together, in the order in which they are dealt out.
    private func groups(of images: [Member]) -> [[Int]] {
        var members: [String: [Int]] = [:]
        for (index, image) in images.enumerated() {
            // An image without a group is a group of its own; the two kinds of name cannot meet.
            let name = image.group.flatMap { $0.isEmpty ? nil : "g" + $0 } ?? "i\(index)"
            members[name, default: []].append(index)
        }
        var generator = SeededGenerator(seed: seed, stream: "split")
        let shuffled = members.keys.sorted().shuffled(using: &generator).map { members[$0]! }
        return shuffled.enumerated().sorted { left, right in
            let (a, b) = (left.element.count, right.element.count)
            return a != b ? a > b : left.offset < right.offset
        }.map(\.element)
    }
}
