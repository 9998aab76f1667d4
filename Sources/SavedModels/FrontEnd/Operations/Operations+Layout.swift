extension Operations {
    static let layout: [String: Compute] = [
        "StridedSlice": stridedSlice,
        "Slice": { call in
            let tensor = try call.tensor(0)
            let (begin, size) = (try call.ints(1), try call.ints(2))
            guard begin.count == tensor.shape.count, size.count == begin.count else {
                throw call.malformed("It names another number of axes.")
            }
            let shape = zip(tensor.shape, zip(begin, size)).map { $1.1 == -1 ? $0 - $1.0 : $1.1 }
            guard zip(tensor.shape, zip(begin, shape)).allSatisfy({ $1.0 >= 0 && $1.1 >= 0 && $1.0 <= $0 - $1.1 })
            else {
                throw call.badInput("It cuts out more than is there.")
            }
            let strides = Walk.strides(of: tensor.shape)
            let start = zip(begin, strides).reduce(0) { $0 + $1.0 * $1.1 }
            return picked(tensor, Walk(shape: shape, strides: strides, start: start))
        },
        "Pack": { call in
            let parts = try call.inputs.indices.map { try call.tensor($0) }
            let axis = try call.axis(
                try call.attribute(int: "axis") ?? 0, rank: (parts.first?.shape.count ?? 0) + 1)
            let raised = parts.map { part in
                var shape = part.shape
                shape.insert(1, at: min(axis, shape.count))
                return part.reshaped(shape)
            }
            return [.tensor(try joined(raised, axis: axis, call))]
        },
        "Unpack": { call in
            let tensor = try call.tensor(0)
            let axis = try call.axis(try call.attribute(int: "axis") ?? 0, rank: tensor.shape.count)
            guard !tensor.shape.isEmpty else { throw call.malformed("It unpacks a single number.") }
            let parts = try split(
                tensor, axis: axis, lengths: Array(repeating: 1, count: tensor.shape[axis]), call)
            return parts.map { part in
                var shape = part.shape
                shape.remove(at: axis)
                return .tensor(part.reshaped(shape))
            }
        },
        "ConcatV2": { call in
            let parts = try call.inputs.indices.dropLast().map { try call.tensor($0) }
            let axis = try call.axis(call.int(call.inputs.count - 1), rank: parts.first?.shape.count ?? 0)
            return [.tensor(try joined(parts, axis: axis, call))]
        },
        "Split": { call in
            let tensor = try call.tensor(1)
            let axis = try call.axis(call.int(0), rank: tensor.shape.count)
            let parts = try call.attribute(int: "num_split") ?? 1
            guard parts > 0, !tensor.shape.isEmpty, tensor.shape[axis] % parts == 0 else {
                throw call.malformed("It does not come out even.")
            }
            let lengths = Array(repeating: tensor.shape[axis] / parts, count: parts)
            return try split(tensor, axis: axis, lengths: lengths, call).map { .tensor($0) }
        },
        "GatherV2": gather, "Gather": gather, "ResourceGather": gather,
        "Transpose": { call in
            let tensor = try call.tensor(0)
            let order = try call.ints(1)
            guard order.sorted() == Array(tensor.shape.indices) else {
                throw call.malformed("It names other axes.")
            }
            let strides = Walk.strides(of: tensor.shape)
            return picked(tensor, Walk(shape: order.map { tensor.shape[$0] }, strides: order.map { strides[$0] }))
        },
        "ReverseV2": { call in
            let tensor = try call.tensor(0)
            var strides = Walk.strides(of: tensor.shape)
            var start = 0
            for axis in Set(try call.ints(1).map { try call.axis($0, rank: tensor.shape.count) })
            where tensor.shape.indices.contains(axis) {
                start += max(0, tensor.shape[axis] - 1) * strides[axis]
                strides[axis] = -strides[axis]
            }
            return picked(tensor, Walk(shape: tensor.shape, strides: strides, start: start))
        },
        "Tile": { call in
            let (tensor, times) = (try call.tensor(0), try call.ints(1))
            guard times.count == tensor.shape.count, times.allSatisfy({ $0 >= 0 }) else {
                throw call.malformed("It names another number of axes.")
            }
            try call.check(times, tensor.type)
            let interleaved = zip(times, tensor.shape).flatMap { [$0, $1] }
            try call.check(interleaved, tensor.type)
            let strides = Walk.strides(of: tensor.shape).flatMap { [0, $0] }
            let elements = tensor.elements.gathered(Walk(shape: interleaved, strides: strides).places())
            return GraphValue.one(zip(times, tensor.shape).map { $0 * $1 }, elements)
        },
        "Pad": pad, "PadV2": pad,
    ]

    private static func picked(_ tensor: GraphTensor, _ walk: Walk) -> [GraphValue] {
        GraphValue.one(walk.shape, tensor.elements.gathered(walk.places()))
    }

    static func joined(_ parts: [GraphTensor], axis: Int, _ call: Call) throws -> GraphTensor {
        guard let first = parts.first else { throw call.malformed("It joins nothing.") }
        guard axis < first.shape.count,
            parts.allSatisfy({ part in
                part.shape.count == first.shape.count
                    && part.shape.indices.allSatisfy { $0 == axis || part.shape[$0] == first.shape[$0] }
            })
        else {
            throw call.badInput(
                "The parts are of different shapes; give every image the same size, or one at a time.")
        }
        var shape = first.shape
        shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        try call.check(shape, first.type)
        guard let pool = GraphTensor.Elements.joined(parts.map(\.elements)) else {
            throw call.malformed("The parts are of different types.")
        }
        if axis == 0 || parts.count == 1 { return GraphTensor(shape: shape, pool) }
        let outer = shape.prefix(axis).reduce(1, *)
        let widths = parts.map { $0.shape.dropFirst(axis).reduce(1, *) }
        var starts: [Int] = []
        var start = 0
        for part in parts {
            starts.append(start)
            start += part.count
        }
        var places: [Int] = []
        places.reserveCapacity(pool.count)
        for row in 0..<outer {
            for (start, width) in zip(starts, widths) {
                places += (start + row * width)..<(start + (row + 1) * width)
            }
        }
        return GraphTensor(shape: shape, pool.gathered(places))
    }

    private static func split(
        _ tensor: GraphTensor, axis: Int, lengths: [Int], _ call: Call
    ) throws -> [GraphTensor] {
        let strides = Walk.strides(of: tensor.shape)
        var start = 0
        return lengths.map { length in
            var shape = tensor.shape
            shape[axis] = length
            defer { start += length * strides[axis] }
            return GraphTensor(
                shape: shape, tensor.elements.gathered(Walk(shape: shape, strides: strides, start: start).places())
            )
        }
    }

    private static func gather(_ call: Call) throws -> [GraphValue] {
        let (tensor, wanted) = (try call.tensor(0), try call.tensor(1))
        guard !tensor.shape.isEmpty, try call.attribute(int: "batch_dims") ?? 0 == 0 else {
            throw call.unsupported("Gathering within each item of a batch is not done.")
        }
        let axis = try call.inputs.count > 2 ? call.axis(call.int(2), rank: tensor.shape.count) : 0
        let indices = try call.ints(1)
        guard indices.allSatisfy({ (0..<tensor.shape[axis]).contains($0) }) else {
            throw call.badInput("It looks for an element that is not there.")
        }
        let (outer, inner) = (
            tensor.shape.prefix(axis).reduce(1, *), tensor.shape.dropFirst(axis + 1).reduce(1, *)
        )
        let shape = tensor.shape.prefix(axis) + wanted.shape + tensor.shape.dropFirst(axis + 1)
        try call.check(Array(shape), tensor.type)
        var places: [Int] = []
        places.reserveCapacity(outer * inner * indices.count)
        for row in 0..<outer {
            for index in indices {
                let start = (row * tensor.shape[axis] + index) * inner
                places += start..<(start + inner)
            }
        }
        return GraphValue.one(Array(shape), tensor.elements.gathered(places))
    }

    private static func pad(_ call: Call) throws -> [GraphValue] {
        let (tensor, sides) = (try call.tensor(0), try call.ints(1))
        let rank = tensor.shape.count
        guard sides.count == 2 * rank, sides.allSatisfy({ $0 >= 0 }) else {
            throw call.malformed("It names another number of axes.")
        }
        guard sides.allSatisfy({ $0 <= call.limits.tensorBytes }) else {
            throw call.malformed("It pads too much.")
        }
        let before = stride(from: 0, to: 2 * rank, by: 2).map { sides[$0] }
        let after = stride(from: 1, to: 2 * rank, by: 2).map { sides[$0] }
        let shape = tensor.shape.indices.map { axis in before[axis] + tensor.shape[axis] + after[axis] }
        try call.check(shape, tensor.type)
        guard let zero = GraphTensor.Elements.zeros(tensor.type, 1) else { throw call.unsupported() }
        let value = try call.inputs.count > 2 ? call.tensor(2).elements : zero
        guard let pool = GraphTensor.Elements.joined([tensor.elements, value]), pool.count == tensor.count + 1
        else {
            throw call.malformed("Its value is of another type.")
        }
        var places = [Int](repeating: tensor.count, count: shape.reduce(1, *))
        let strides = Walk.strides(of: shape)
        let start = zip(before, strides).reduce(0) { sum, axis in sum + axis.0 * axis.1 }
        for (source, place) in Walk(shape: tensor.shape, strides: strides, start: start).places().enumerated() {
            places[place] = source
        }
        return GraphValue.one(shape, pool.gathered(places))
    }

    // MARK: Strided slices

    private static func stridedSlice(_ call: Call) throws -> [GraphValue] {
        let tensor = try call.tensor(0)
        let (begin, end, step) = (try call.ints(1), try call.ints(2), try call.ints(3))
        guard begin.count == end.count, end.count == step.count else { throw call.malformed("Its ranges differ.") }
        func mask(_ name: String) throws -> Int { try call.attribute(int: name) ?? 0 }
        let (beginMask, endMask) = (try mask("begin_mask"), try mask("end_mask"))
        let (ellipsis, newAxis, shrink) = (
            try mask("ellipsis_mask"), try mask("new_axis_mask"), try mask("shrink_axis_mask")
        )
        let named = begin.indices.filter { newAxis >> $0 & 1 == 0 && ellipsis >> $0 & 1 == 0 }.count
        var (axis, start) = (0, 0)
        var (walked, strides, shape): ([Int], [Int], [Int]) = ([], [], [])
        let dense = Walk.strides(of: tensor.shape)
        func keep(_ length: Int, _ stride: Int) {
            walked.append(length)
            strides.append(stride)
            shape.append(length)
        }
        for index in begin.indices {
            if ellipsis >> index & 1 == 1 {
                for _ in 0..<max(0, tensor.shape.count - named) {
                    keep(tensor.shape[axis], dense[axis])
                    axis += 1
                }
            } else if newAxis >> index & 1 == 1 {
                keep(1, 0)
            } else {
                guard axis < tensor.shape.count else {
                    throw call.malformed("It names an axis that is not there.")
                }
                let length = tensor.shape[axis]
                if shrink >> index & 1 == 1 {
                    let place = begin[index] < 0 ? begin[index] + length : begin[index]
                    guard (0..<length).contains(place) else {
                        throw call.badInput("It takes an item that is not there.")
                    }
                    start += place * dense[axis]
                } else {
                    let range = try Self.range(
                        beginMask >> index & 1 == 1 ? nil : begin[index],
                        endMask >> index & 1 == 1 ? nil : end[index],
                        step[index], length, call)
                    start += range.start * dense[axis]
                    keep(range.count, range.step * dense[axis])
                }
                axis += 1
            }
        }
        while axis < tensor.shape.count {
            keep(tensor.shape[axis], dense[axis])
            axis += 1
        }
        let places = Walk(shape: walked, strides: strides, start: start).places()
        return GraphValue.one(shape, tensor.elements.gathered(places))
    }

    /// Python's rules for `[begin:end:step]`.
    private static func range(
        _ begin: Int?, _ end: Int?, _ step: Int, _ length: Int, _ call: Call
    ) throws -> (start: Int, count: Int, step: Int) {
        guard step != 0,
            abs(step.clamped(to: -(1 << 40)...(1 << 40))) == abs(step.clamped(to: -(1 << 62)...(1 << 62)))
        else { throw call.malformed("Its step is 0 or too long.") }
        let bounds = step > 0 ? 0...length : -1...(length - 1)
        func place(_ value: Int?, _ otherwise: Int) -> Int {
            guard let value else { return otherwise }
            return (value < 0 ? value + length : value).clamped(to: bounds)
        }
        let first = place(begin, step > 0 ? 0 : length - 1)
        let last = place(end, step > 0 ? length : -1)
        let distance = step > 0 ? last - first : first - last
        let count = distance <= 0 ? 0 : (distance - 1) / abs(step) + 1
        return (count == 0 ? 0 : first, count, step)
    }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
