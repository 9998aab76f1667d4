import LightboxCore

/// Which rows judge which: every row is held out once, by models that have seen no row of its group, and each class has about
/// the same share of every fold.
struct Folds {
    let count: Int
    /// The fold of each row, that is the round in which it is held out.
    let numbers: [Int]

    /// - Parameters:
    ///   - groups: rows of one group stay together; nil for a row that stands alone.
    /// - Throws: ``InputError`` where a class would be missing on one side.
    init(_ count: Int, of labels: [Int], groups: [String?]?, seed: UInt64) throws {
        var numbers = [Int](repeating: 0, count: labels.count)
        var left = Array(labels.indices)
        for fold in 0..<(count - 1) {
            let split = GroupedSplit(share: 1 / Double(count - fold), seed: seed &+ UInt64(fold))
            let isHeldOut = split.assign(
                left.map { GroupedSplit.Member(labels: ["\(labels[$0])"], group: groups?[$0]) })
            for (index, isHeldOut) in zip(left, isHeldOut) { numbers[index] = isHeldOut ? fold : fold + 1 }
            left = zip(left, isHeldOut).filter { !$1 }.map(\.0)
        }
        self.count = count
        self.numbers = numbers
        for fold in 0..<count {
            guard Set(training(fold).map { labels[$0] }).count == Set(labels).count, !heldOut(fold).isEmpty else {
                throw InputError(
                    .invalidInput,
                    "The rows\(groups == nil ? "" : " and their groups") are too few for \(count) folds: a class would be "
                        + "missing. Take fewer (--folds).")
            }
        }
    }

    func training(_ fold: Int) -> [Int] { numbers.indices.filter { numbers[$0] != fold } }
    func heldOut(_ fold: Int) -> [Int] { numbers.indices.filter { numbers[$0] == fold } }
}
