extension Operations {
    static let shapes: [String: Compute] = [
        "Identity": same, "StopGradient": same, "PreventGradient": same, "Snapshot": same, "EnsureShape": same,
        "CheckNumerics": same, "PlaceholderWithDefault": same, "LoopCond": same,
        "IdentityN": { $0.inputs },
        "NoOp": { _ in [] }, "Assert": { _ in [] },
        // What takes a variable is named when it is refused, rather than the variable.
        "VarHandleOp": { _ in [.absent] }, "VariableV2": { _ in [.absent] }, "ReadVariableOp": { _ in [.absent] },
        "Shape": { [.tensor(try lengths($0, $0.tensor(0).shape))] },
        "ShapeN": { call in
            try call.inputs.indices.map { .tensor(try lengths(call, call.tensor($0).shape)) }
        },
        "Size": { [.tensor(try lengths($0, [$0.tensor(0).count]).reshaped([]))] },
        "Rank": { [.tensor(.scalar(Int32(try $0.tensor(0).shape.count)))] },
        "Reshape": reshape,
        "ExpandDims": { call in
            let tensor = try call.tensor(0)
            let axis = try call.axis(call.int(1), rank: tensor.shape.count + 1)
            var shape = tensor.shape
            shape.insert(1, at: axis)
            return [.tensor(tensor.reshaped(shape))]
        },
        "Squeeze": squeeze,
        "Fill": { call in
            let (shape, value) = (try call.ints(0), try call.tensor(1))
            try call.check(shape, value.type)
            guard value.count == 1 else { throw call.malformed("It fills with more than one value.") }
            return GraphValue.one(shape, value.elements.gathered(repeatElement(0, count: shape.reduce(1, *))))
        },
        "ZerosLike": { call in
            if case .list(var list)? = call.inputs.first {
                list.elements = list.elements.map { _ in nil }
                return [.list(list)]
            }
            let tensor = try call.tensor(0)
            return GraphValue.one(tensor.shape, .zeros(tensor.type, tensor.count)!)
        },
        "OnesLike": { call in
            let tensor = try call.tensor(0)
            let ones = call.with([.tensor(GraphTensor(shape: [], .uint8([1])))])
            let one = try Numbers.cast(ones, 0, to: tensor.type)
            return GraphValue.one(tensor.shape, one.elements.gathered(repeatElement(0, count: tensor.count)))
        },
        "Range": range,
        "BroadcastTo": { call in
            let (tensor, shape) = (try call.tensor(0), try call.ints(1))
            try call.check(shape, tensor.type)
            guard try Broadcast(tensor.shape, shape, for: call, type: tensor.type).shape == shape else {
                throw call.malformed("Its shapes do not fit.")
            }
            let small = Array(repeating: 1, count: shape.count - tensor.shape.count) + tensor.shape
            return GraphValue.one(shape, tensor.elements.gathered(Broadcast.places(small, in: shape)))
        },
    ]

    private static func same(_ call: Call) throws -> [GraphValue] {
        guard let first = call.inputs.first else { throw call.malformed("It has no input.") }
        return [first]
    }

    /// Lengths in the type that `out_type` asks for, 32 bits by default.
    private static func lengths(_ call: Call, _ values: [Int]) throws -> GraphTensor {
        try call.attribute(type: "out_type") == .int64
            ? GraphTensor(shape: [values.count], .int64(values.map(Int64.init))) : .ints(values)
    }

    private static func reshape(_ call: Call) throws -> [GraphValue] {
        let tensor = try call.tensor(0)
        var shape = try call.ints(1)
        try call.check(shape.map { $0 == -1 ? 1 : $0 }, tensor.type)
        if let open = shape.firstIndex(of: -1) {
            let others = shape.enumerated().reduce(1) { $1.offset == open ? $0 : $0 * $1.element }
            shape[open] = others == 0 ? 0 : tensor.count / others
        }
        guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == tensor.count else {
            throw call.badInput("\(tensor.shape) cannot be brought to the shape that the model wants.")
        }
        return [.tensor(tensor.reshaped(shape))]
    }

    private static func squeeze(_ call: Call) throws -> [GraphValue] {
        let tensor = try call.tensor(0)
        let named = try call.node.attribute("squeeze_dims")?.ints() ?? []
        let axes = Set(try named.map { try call.axis($0, rank: tensor.shape.count) })
        let shape = tensor.shape.indices.filter { axis in
            axes.isEmpty ? tensor.shape[axis] != 1 : !axes.contains(axis)
        }.map { tensor.shape[$0] }
        guard shape.reduce(1, *) == tensor.count else {
            throw call.badInput("An axis that goes is longer than 1.")
        }
        return [.tensor(tensor.reshaped(shape))]
    }

    private static func range(_ call: Call) throws -> [GraphValue] {
        let type = try call.tensor(0).type
        if type == .float || type == .double { throw call.unsupported("Ranges of fractions are not made.") }
        let (start, limit, step) = (try call.int(0), try call.int(1), try call.int(2))
        guard step != 0 else { throw call.malformed("Its step is 0.") }
        let (distance, overflow) = limit.subtractingReportingOverflow(start)
        guard !overflow, step != .min, distance != .min else { throw call.malformed("It is too long.") }
        let count = (distance > 0) == (step > 0) ? (abs(distance) - 1) / abs(step) + 1 : 0
        try call.check([count], type)
        let values = (0..<(distance == 0 ? 0 : count)).map { start + $0 * step }
        let inner = call.with([.tensor(GraphTensor(shape: [values.count], .int64(values.map(Int64.init))))])
        return [.tensor(try Numbers.cast(inner, 0, to: type))]
    }
}
