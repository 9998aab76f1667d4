/// Positions of at most `count` points of a curve, ends included: as soon as it has moved by some length, to
/// the side or up, a point is kept, so that no kept line is farther from the curve than that.
///
/// - Parameters:
///   - x, y: 0...1.
/// - Precondition: `count` is at least 2.
func thinnedPositions(_ x: [Double], _ y: [Double], to count: Int) -> [Int] {
    precondition(count >= 2, "a curve has two ends")
    guard x.count > count else { return Array(x.indices) }
    // A rising curve is 2 long; one that goes to and fro needs larger steps.
    var length = 2 / Double(count - 1)
    while true {
        var kept = [0]
        for index in x.indices.dropLast() {
            let last = kept[kept.count - 1]
            if abs(x[index] - x[last]) + abs(y[index] - y[last]) >= length { kept.append(index) }
        }
        kept.append(x.count - 1)
        if kept.count <= count { return kept }
        length *= 1.5
    }
}
