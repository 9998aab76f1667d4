import LightboxCore

extension Operations {
    static let comparisons: [String: Compute] = [
        "Less": { try compared($0) { $0 < $1 } },
        "LessEqual": { try compared($0) { $0 <= $1 } },
        "Greater": { try compared($0) { $0 > $1 } },
        "GreaterEqual": { try compared($0) { $0 >= $1 } },
        "Equal": { try equal($0, wanted: true) },
        "NotEqual": { try equal($0, wanted: false) },
        "LogicalAnd": { try logical($0) { $0 && $1 } },
        "LogicalOr": { try logical($0) { $0 || $1 } },
        "LogicalNot": { call in
            let values = try bools(call, 0)
            return GraphValue.one(try call.tensor(0).shape, .bool(values.map { !$0 }))
        },
        "Select": select, "SelectV2": select,
        // The branch that is not taken is dead from here on.
        "Switch": { call in
            let first = call.inputs.first ?? .dead
            return try call.truth(1) ? [.dead, first] : [first, .dead]
        },
    ]

    private static func bools(_ call: Call, _ index: Int) throws -> [Bool] {
        guard case .bool(let values) = try call.tensor(index).elements else {
            throw call.malformed("It takes something else where true or false is expected.")
        }
        return values
    }

    private static func compared(_ call: Call, _ body: (Double, Double) -> Bool) throws -> [GraphValue] {
        let shape = try Broadcast(call.tensor(0).shape, call.tensor(1).shape, for: call, type: .bool)
        return GraphValue.one(
            shape.shape, .bool(shape.combined(try Numbers.double(call, 0), try Numbers.double(call, 1), body)))
    }

    private static func equal(_ call: Call, wanted: Bool) throws -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        guard case .strings(let first) = left.elements, case .strings(let second) = right.elements else {
            return try compared(call) { ($0 == $1) == wanted }
        }
        let shape = try Broadcast(left.shape, right.shape, for: call, type: .bool)
        return GraphValue.one(shape.shape, .bool(shape.combined(first, second) { ($0 == $1) == wanted }))
    }

    private static func logical(_ call: Call, _ body: (Bool, Bool) -> Bool) throws -> [GraphValue] {
        let shape = try Broadcast(call.tensor(0).shape, call.tensor(1).shape, for: call, type: .bool)
        return GraphValue.one(shape.shape, .bool(shape.combined(try bools(call, 0), try bools(call, 1), body)))
    }

    /// The old form takes one truth for each row as well.
    private static func select(_ call: Call) throws -> [GraphValue] {
        var truth = try call.tensor(0)
        let (yes, no) = (try call.tensor(1), try call.tensor(2))
        if call.node.operation == "Select", truth.shape.count == 1, yes.shape.count > 1 {
            truth = truth.reshaped(truth.shape + Array(repeating: 1, count: yes.shape.count - 1))
        }
        guard case .bool(let values) = truth.elements else {
            throw call.malformed("Its condition is not true or false.")
        }
        let both = try Broadcast(yes.shape, no.shape, for: call, type: yes.type).shape
        let shape = try Broadcast(truth.shape, both, for: call, type: yes.type).shape
        func places(_ small: [Int]) -> [Int] {
            Broadcast.places(Array(repeating: 1, count: shape.count - small.count) + small, in: shape)
        }
        guard let pool = GraphTensor.Elements.joined([yes.elements, no.elements]) else {
            throw call.malformed("Its two choices are of different types.")
        }
        let (choice, first, second) = (places(truth.shape), places(yes.shape), places(no.shape))
        return GraphValue.one(
            shape, pool.gathered(choice.indices.map { values[choice[$0]] ? first[$0] : yes.count + second[$0] }))
    }
}
