/// What is computed before the network, by TensorFlow's names.
enum Operations {
    typealias Compute = @Sendable (Call) throws -> [GraphValue]

    static let all: [String: Compute] = [
        arithmetic, comparisons, reductions, shapes, layout, images, strings, lists,
    ]
    .reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
}

extension GraphValue {
    static func one(_ shape: [Int], _ elements: GraphTensor.Elements) -> [GraphValue] {
        [.tensor(GraphTensor(shape: shape, elements))]
    }
}

/// Two tensors brought to one shape, as NumPy does.
struct Broadcast {
    let shape: [Int]
    private let left: [Int]
    private let right: [Int]

    init(_ left: [Int], _ right: [Int], for call: Call, type: DataType) throws {
        let rank = max(left.count, right.count)
        func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
        (self.left, self.right) = (padded(left), padded(right))
        shape = try zip(self.left, self.right).map { first, second in
            guard first == second || first == 1 || second == 1 else {
                throw call.badInput("The shapes \(left) and \(right) do not fit one another.")
            }
            return first == 1 ? second : first
        }
        try call.check(shape, type)
    }

    @inline(__always)
    func combined<Value, Result>(_ a: [Value], _ b: [Value], _ body: (Value, Value) -> Result) -> [Result] {
        let count = shape.reduce(1, *)
        if a.count == count && b.count == count {
            return [Result](unsafeUninitializedCapacity: count) { output, filled in
                a.withUnsafeBufferPointer { a in
                    b.withUnsafeBufferPointer { b in
                        for index in 0..<count {
                            (output.baseAddress! + index).initialize(to: body(a[index], b[index]))
                        }
                    }
                }
                filled = count
            }
        }
        if b.count == 1 && a.count == count {
            let second = b[0]
            return [Result](unsafeUninitializedCapacity: count) { output, filled in
                a.withUnsafeBufferPointer { a in
                    for index in 0..<count { (output.baseAddress! + index).initialize(to: body(a[index], second)) }
                }
                filled = count
            }
        }
        let (places, others) = (Self.places(left, in: shape), Self.places(right, in: shape))
        return (0..<count).map { body(a[places[$0]], b[others[$0]]) }
    }

    /// For each element of `shape`, where it stands in the smaller one.
    static func places(_ small: [Int], in shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 0, count: shape.count)
        var step = 1
        for axis in small.indices.reversed() {
            strides[axis] = small[axis] == 1 ? 0 : step
            step *= small[axis]
        }
        return Walk(shape: shape, strides: strides).places()
    }
}

/// Places in memory along a shape with given strides.
struct Walk {
    let shape: [Int]
    let strides: [Int]
    var start = 0

    func places() -> [Int] {
        let count = shape.reduce(1, *)
        var result: [Int] = []
        guard count > 0 else { return result }
        result.reserveCapacity(count)
        var index = [Int](repeating: 0, count: shape.count)
        var place = start
        while true {
            result.append(place)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < shape[axis] { break }
                place -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }

    /// Strides of a dense array, last index fastest.
    static func strides(of shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }
}
