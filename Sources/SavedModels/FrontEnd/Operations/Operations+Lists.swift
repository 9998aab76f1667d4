extension Operations {
    /// Lists of tensors: TensorFlow 2's `TensorList`, and TensorFlow 1's `TensorArray`, whose state travels along
    /// its `flow`, so that one kind of value serves both.
    static let lists: [String: Compute] = [
        "TensorListReserve": { call in
            [.list(try reserved(call, call.int(1), call.attribute(type: "element_dtype"), shape: call.ints(0)))]
        },
        "EmptyTensorList": { call in
            [.list(try reserved(call, 0, call.attribute(type: "element_dtype"), shape: call.ints(0)))]
        },
        "TensorListFromTensor": { [.list(try unstacked($0, $0.tensor(0)))] },
        "TensorListLength": { [.tensor(.scalar(Int32(try $0.list(0).elements.count)))] },
        "TensorListGetItem": { [.tensor(try item($0, $0.list(0), $0.int(1)))] },
        "TensorListSetItem": { [.list(try set($0, $0.list(0), $0.int(1), $0.tensor(2)))] },
        "TensorListPushBack": { call in
            var list = try call.list(0)
            list.elements.append(try call.tensor(1))
            return [.list(list)]
        },
        "TensorListStack": { call in
            let declared = try call.ints(1).map { $0 < 0 ? nil : $0 }
            return [.tensor(try stacked(call, call.list(0), Array(call.list(0).elements.indices), declared))]
        },
        "TensorArrayV3": { call in
            let list = try reserved(call, call.int(0), call.attribute(type: "dtype"), shape: nil)
            return [.list(list), .list(list)]
        },
        "TensorArrayScatterV3": { call in
            let (places, values) = (try call.ints(1), try unstacked(call, call.tensor(2)))
            guard places.count == values.elements.count else { throw call.malformed("It has too few places.") }
            var list = try call.list(3)
            for (place, value) in zip(places, values.elements) { list = try set(call, list, place, value!) }
            return [.list(list)]
        },
        "TensorArrayReadV3": { [.tensor(try item($0, $0.list(2), $0.int(1)))] },
        "TensorArrayWriteV3": { [.list(try set($0, $0.list(3), $0.int(1), $0.tensor(2)))] },
        "TensorArrayGatherV3": { call in
            let declared = try call.node.attribute("element_shape")?.shape().lengths
            return [.tensor(try stacked(call, call.list(2), call.ints(1), declared))]
        },
        "TensorArraySizeV3": { [.tensor(.scalar(Int32(try $0.list(1).elements.count)))] },
        "TensorArrayCloseV3": { _ in [] },
    ]

    private static func reserved(_ call: Call, _ count: Int, _ type: DataType, shape: [Int]?) throws -> TensorList
    {
        try call.check([count], .int64)
        return TensorList(
            elements: Array(repeating: nil, count: count), type: type, shape: shape?.map { $0 < 0 ? nil : $0 })
    }

    private static func unstacked(_ call: Call, _ tensor: GraphTensor) throws -> TensorList {
        guard let count = tensor.shape.first else {
            throw call.badInput("It takes a batch and was given one value.")
        }
        let shape = Array(tensor.shape.dropFirst())
        let size = shape.reduce(1, *)
        return TensorList(
            elements: (0..<count).map {
                GraphTensor(shape: shape, tensor.elements.slice(($0 * size)..<(($0 + 1) * size)))
            }, type: tensor.type, shape: shape)
    }

    private static func item(_ call: Call, _ list: TensorList, _ index: Int) throws -> GraphTensor {
        guard let item = list.elements[safe: index] else { throw call.malformed("It reads behind a list's end.") }
        if let item { return item }
        return try zero(call, list, list.shape)
    }

    private static func set(_ call: Call, _ list: TensorList, _ index: Int, _ value: GraphTensor) throws
        -> TensorList
    {
        guard (0..<(1 << 24)).contains(index) else { throw call.malformed("It writes before a list's start.") }
        var list = list
        // A TensorArray that grows.
        while list.elements.count <= index { list.elements.append(nil) }
        list.elements[index] = value
        return list
    }

    /// What was never written is zeros of the declared shape.
    private static func zero(_ call: Call, _ list: TensorList, _ shape: [Int?]?) throws -> GraphTensor {
        guard let shape, !shape.contains(nil) else {
            throw call.malformed("It reads an item that was never written.")
        }
        let lengths = shape.compactMap { $0 }
        try call.check(lengths, list.type)
        guard let zeros = GraphTensor.Elements.zeros(list.type, lengths.reduce(1, *)) else {
            throw call.unsupported()
        }
        return GraphTensor(shape: lengths, zeros)
    }

    private static func stacked(
        _ call: Call, _ list: TensorList, _ places: [Int], _ declared: [Int?]?
    ) throws -> GraphTensor {
        guard places.allSatisfy(list.elements.indices.contains) else {
            throw call.malformed("It reads behind a list's end.")
        }
        let written = places.lazy.compactMap { list.elements[$0] }.first?.shape.map(Optional.some)
        let shape = written ?? declared ?? list.shape
        guard !places.isEmpty else {
            let empty = try zero(call, list, (shape ?? []).map { $0 ?? 0 })
            return GraphTensor(shape: [0] + empty.shape, GraphTensor.Elements.zeros(list.type, 0)!)
        }
        let items = try places.map { place in
            let item = try list.elements[place] ?? zero(call, list, shape)
            return item.reshaped([1] + item.shape)
        }
        return try joined(items, axis: 0, call)
    }
}
