/// A sum that keeps what each addition rounds away (Neumaier 1974): the error does not grow with the count.
struct CompensatedSum {
    private var sum = 0.0
    private var lost = 0.0

    var value: Double { sum + lost }

    static func += (left: inout CompensatedSum, value: Double) {
        let total = left.sum + value
        if abs(left.sum) >= abs(value) {
            left.lost += (left.sum - total) + value
        } else {
            left.lost += (value - total) + left.sum
        }
        left.sum = total
    }
}

extension Sequence {
    /// The compensated sum of what `term` makes of the elements.
    func sum(_ term: (Element) -> Double) -> Double {
        var sum = CompensatedSum()
        for element in self { sum += term(element) }
        return sum.value
    }
}
