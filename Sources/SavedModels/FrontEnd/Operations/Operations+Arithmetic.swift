import Foundation

extension Operations {
    static let arithmetic: [String: Compute] = [
        "Add": { try binary($0, { $0 + $1 }, { $0 + $1 }, { $0 &+ $1 }) },
        "AddV2": { try binary($0, { $0 + $1 }, { $0 + $1 }, { $0 &+ $1 }) },
        "Sub": { try binary($0, { $0 - $1 }, { $0 - $1 }, { $0 &- $1 }) },
        "Mul": { try binary($0, { $0 * $1 }, { $0 * $1 }, { $0 &* $1 }) },
        "RealDiv": { try binary($0, { $0 / $1 }, { $0 / $1 }, divided) },
        "Div": { try binary($0, { $0 / $1 }, { $0 / $1 }, divided) },
        "TruncateDiv": {
            try binary($0, { ($0 / $1).rounded(.towardZero) }, { ($0 / $1).rounded(.towardZero) }, divided)
        },
        "DivNoNan": { try binary($0, { $1 == 0 ? 0 : $0 / $1 }, { $1 == 0 ? 0 : $0 / $1 }, divided) },
        "FloorDiv": {
            try binary($0, { ($0 / $1).rounded(.down) }, { ($0 / $1).rounded(.down) }, flooredQuotient)
        },
        "FloorMod": {
            try binary(
                $0, { $0 - ($0 / $1).rounded(.down) * $1 }, { $0 - ($0 / $1).rounded(.down) * $1 },
                { $0 &- flooredQuotient($0, $1) &* $1 })
        },
        "Maximum": { try binary($0, { max($0, $1) }, { max($0, $1) }, { max($0, $1) }) },
        "Minimum": { try binary($0, { min($0, $1) }, { min($0, $1) }, { min($0, $1) }) },
        "SquaredDifference": {
            try binary($0, { ($0 - $1) * ($0 - $1) }, { ($0 - $1) * ($0 - $1) }, { ($0 &- $1) &* ($0 &- $1) })
        },
        "Pow": {
            try binary($0, { pow($0, $1) }, { pow($0, $1) }, { Int64(saturating: pow(Double($0), Double($1))) })
        },
        "Neg": { try unary($0, { -$0 }, { -$0 }, { 0 &- $0 }) },
        "Abs": { try unary($0, { abs($0) }, { abs($0) }, { $0 < 0 ? 0 &- $0 : $0 }) },
        "Square": { try unary($0, { $0 * $0 }, { $0 * $0 }, { $0 &* $0 }) },
        "Sqrt": { try unary($0, { $0.squareRoot() }, { $0.squareRoot() }) },
        "Rsqrt": { try unary($0, { 1 / $0.squareRoot() }, { 1 / $0.squareRoot() }) },
        "Reciprocal": { try unary($0, { 1 / $0 }, { 1 / $0 }) },
        "Exp": { try unary($0, { exp($0) }, { exp($0) }) },
        "Log": { try unary($0, { log($0) }, { log($0) }) },
        "Log1p": { try unary($0, { log1p($0) }, { log1p($0) }) },
        "Tanh": { try unary($0, { tanh($0) }, { tanh($0) }) },
        "Floor": { try unary($0, { $0.rounded(.down) }, { $0.rounded(.down) }) },
        "Ceil": { try unary($0, { $0.rounded(.up) }, { $0.rounded(.up) }) },
        "Round": { try unary($0, { $0.rounded(.toNearestOrEven) }, { $0.rounded(.toNearestOrEven) }, { $0 }) },
        "Rint": { try unary($0, { $0.rounded(.toNearestOrEven) }, { $0.rounded(.toNearestOrEven) }) },
        "Cast": { [.tensor(try Numbers.cast($0, 0, to: $0.attribute(type: "DstT")))] },
        "AddN": addAll,
        "ClipByValue": { call in
            let high = try binary(
                call.with([call.inputs[0], call.inputs[safe: 2] ?? .dead]), { min($0, $1) }, { min($0, $1) },
                { min($0, $1) })
            return try binary(
                call.with([high[0], call.inputs[safe: 1] ?? .dead]), { max($0, $1) }, { max($0, $1) },
                { max($0, $1) })
        },
    ]

    /// Two numeric tensors of one type, element by element; integers wrap in their own width.
    @inline(__always)
    static func binary(
        _ call: Call, _ float: (Float, Float) -> Float, _ double: (Double, Double) -> Double,
        _ int: (Int64, Int64) -> Int64
    ) throws -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        let shape = try Broadcast(left.shape, right.shape, for: call, type: left.type)
        switch (left.elements, right.elements) {
        case (.float32(let a), .float32(let b)):
            return GraphValue.one(shape.shape, .float32(shape.combined(a, b, float)))
        case (.float64(let a), .float64(let b)):
            return GraphValue.one(shape.shape, .float64(shape.combined(a, b, double)))
        case (.int64(let a), .int64(let b)): return GraphValue.one(shape.shape, .int64(shape.combined(a, b, int)))
        case (.int32(let a), .int32(let b)):
            let values = shape.combined(a, b) { Int32(truncatingIfNeeded: int(Int64($0), Int64($1))) }
            return GraphValue.one(shape.shape, .int32(values))
        case (.uint8(let a), .uint8(let b)):
            let values = shape.combined(a, b) { UInt8(truncatingIfNeeded: int(Int64($0), Int64($1))) }
            return GraphValue.one(shape.shape, .uint8(values))
        case (.uint16(let a), .uint16(let b)):
            let values = shape.combined(a, b) { UInt16(truncatingIfNeeded: int(Int64($0), Int64($1))) }
            return GraphValue.one(shape.shape, .uint16(values))
        default: throw call.malformed("Its two inputs are not numbers of one type.")
        }
    }

    @inline(__always)
    private static func unary(
        _ call: Call, _ float: (Float) -> Float, _ double: (Double) -> Double, _ int: ((Int64) -> Int64)? = nil
    ) throws -> [GraphValue] {
        let tensor = try call.tensor(0)
        switch (tensor.elements, int) {
        case (.float32(let values), _): return GraphValue.one(tensor.shape, .float32(values.map(float)))
        case (.float64(let values), _): return GraphValue.one(tensor.shape, .float64(values.map(double)))
        case (.int64(let values), let int?): return GraphValue.one(tensor.shape, .int64(values.map(int)))
        case (.int32(let values), let int?):
            return GraphValue.one(tensor.shape, .int32(values.map { Int32(truncatingIfNeeded: int(Int64($0))) }))
        default: throw call.malformed("It is given \(tensor.type.name).")
        }
    }

    private static func addAll(_ call: Call) throws -> [GraphValue] {
        guard var sum = call.inputs.first else { throw call.malformed("It has no inputs.") }
        for input in call.inputs.dropFirst() {
            sum = try binary(call.with([sum, input]), { $0 + $1 }, { $0 + $1 }, { $0 &+ $1 })[0]
        }
        return [sum]
    }

    /// Division by nought gives nought: one bad number must not end the process.
    @Sendable private static func divided(_ a: Int64, _ b: Int64) -> Int64 {
        b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
    }

    @Sendable private static func flooredQuotient(_ a: Int64, _ b: Int64) -> Int64 {
        let quotient = divided(a, b)
        return b != 0 && (a < 0) != (b < 0) && quotient &* b != a ? quotient &- 1 : quotient
    }
}

extension Call {
    func with(_ inputs: [GraphValue]) -> Call {
        Call(node: node, inputs: inputs, limits: limits, probe: probe, fetch: fetch)
    }
}

extension Array {
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension FixedWidthInteger {
    /// The nearest whole number towards zero; 0 for no number.
    init(saturating value: Double) {
        self = Self(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
    }
}

/// Numbers of any type as others.
enum Numbers {
    static func double(_ call: Call, _ index: Int) throws -> [Double] {
        guard case .float64(let values) = try cast(call, index, to: .double).elements else { return [] }
        return values
    }

    /// Whole numbers lose their upper bits and floats their fraction, as in TensorFlow; floats are held to the range.
    static func cast(_ call: Call, _ index: Int, to type: DataType) throws -> GraphTensor {
        let tensor = try call.tensor(index)
        if tensor.type == type { return tensor }
        let elements: GraphTensor.Elements?
        switch tensor.elements {
        case .float32(let values): elements = fromFloats(values, type)
        case .float64(let values): elements = fromFloats(values, type)
        case .int32(let values): elements = fromInts(values, type)
        case .int64(let values): elements = fromInts(values, type)
        case .uint8(let values): elements = fromInts(values, type)
        case .uint16(let values): elements = fromInts(values, type)
        case .bool(let values): elements = fromInts(values.map { $0 ? UInt8(1) : 0 }, type)
        case .strings: elements = nil
        }
        guard let elements else { throw call.unsupported("\(tensor.type.name) to \(type.name) is not converted.") }
        return GraphTensor(shape: tensor.shape, elements)
    }

    private static func fromInts<Number: FixedWidthInteger>(_ values: [Number], _ type: DataType) -> GraphTensor
        .Elements?
    {
        switch type {
        case .float: .float32(values.map { Float($0) })
        case .double: .float64(values.map { Double($0) })
        case .int32: .int32(values.map { Int32(truncatingIfNeeded: $0) })
        case .int64: .int64(values.map { Int64(truncatingIfNeeded: $0) })
        case .uint8: .uint8(values.map { UInt8(truncatingIfNeeded: $0) })
        case .uint16: .uint16(values.map { UInt16(truncatingIfNeeded: $0) })
        case .bool: .bool(values.map { $0 != 0 })
        default: nil
        }
    }

    private static func fromFloats<Number: BinaryFloatingPoint>(_ values: [Number], _ type: DataType)
        -> GraphTensor.Elements?
    {
        switch type {
        case .float: .float32(values.map { Float($0) })
        case .double: .float64(values.map { Double($0) })
        case .int32: .int32(values.map { Int32(saturating: Double($0)) })
        case .int64: .int64(values.map { Int64(saturating: Double($0)) })
        case .uint8: .uint8(values.map { UInt8(saturating: Double($0)) })
        case .uint16: .uint16(values.map { UInt16(saturating: Double($0)) })
        case .bool: .bool(values.map { $0 != 0 })
        default: nil
        }
    }
}
