/// Finds hashes within a few bits of one another without comparing all with all.
///
/// Of two hashes at most `4 + 3` bits apart, one of the four 16-bit quarters differs in at most one bit; so each
/// quarter is looked up as it is and with each of its bits turned (multi-index hashing, Norouzi et al. 2012,
/// arXiv:1307.2982). 200,000 hashes take 68 short lookups each.
package struct HashIndex {
    /// The largest distance that is found for certain.
    package static let reach = 7

    private let hashes: [UInt64]
    /// For each quarter: where in `members` the hashes with each of its 65,536 values begin.
    private var starts: [[UInt32]] = []
    private var members: [[UInt32]] = []

    package init(_ hashes: [UInt64]) {
        self.hashes = hashes
        for quarter in 0..<4 {
            var starts = [UInt32](repeating: 0, count: 65_537)
            for hash in hashes { starts[Self.value(hash, quarter) + 1] += 1 }
            for value in 0..<65_536 { starts[value + 1] += starts[value] }
            var next = starts
            var members = [UInt32](repeating: 0, count: hashes.count)
            for (index, hash) in hashes.enumerated() {
                let value = Self.value(hash, quarter)
                members[Int(next[value])] = UInt32(index)
                next[value] += 1
            }
            self.starts.append(starts)
            self.members.append(members)
        }
    }

    private static func value(_ hash: UInt64, _ quarter: Int) -> Int {
        Int((hash >> (16 * UInt64(quarter))) & 0xffff)
    }

    /// Calls `body` once for every hash within `distance` bits of `hash`.
    ///
    /// - Precondition: `distance` is at most ``reach``.
    package func forEach(near hash: UInt64, within distance: Int, _ body: (Int) -> Void) {
        precondition(distance <= Self.reach)
        for quarter in 0..<4 {
            let value = Self.value(hash, quarter)
            visit(quarter, value, hash, distance, body)
            for bit in 0..<16 { visit(quarter, value ^ 1 << bit, hash, distance, body) }
        }
    }

    private func visit(_ quarter: Int, _ value: Int, _ hash: UInt64, _ distance: Int, _ body: (Int) -> Void) {
        for place in Int(starts[quarter][value])..<Int(starts[quarter][value + 1]) {
            let other = Int(members[quarter][place])
            let difference = hashes[other] ^ hash
            guard difference.nonzeroBitCount <= distance else { continue }
            // An earlier quarter that is as near has found it already.
            let isFirst = (0..<quarter).allSatisfy { Self.value(difference, $0).nonzeroBitCount > 1 }
            if isFirst { body(other) }
        }
    }
}
