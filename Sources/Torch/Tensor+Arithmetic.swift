import CTorch

/// Element by element, with broadcasting as in NumPy; differentiable. Shapes that do not fit are thrown.
extension Tensor {
    public static func + (a: Tensor, b: Tensor) throws -> Tensor { try a.combined(with: b, CTORCH_ADD) }
    public static func - (a: Tensor, b: Tensor) throws -> Tensor { try a.combined(with: b, CTORCH_SUBTRACT) }
    public static func * (a: Tensor, b: Tensor) throws -> Tensor { try a.combined(with: b, CTORCH_MULTIPLY) }
    public static func / (a: Tensor, b: Tensor) throws -> Tensor { try a.combined(with: b, CTORCH_DIVIDE) }

    public static func + (a: Tensor, b: Float) throws -> Tensor { try a.affine(1, b) }
    public static func - (a: Tensor, b: Float) throws -> Tensor { try a.affine(1, -b) }
    public static func * (a: Tensor, b: Float) throws -> Tensor { try a.affine(b, 0) }
    public static func / (a: Tensor, b: Float) throws -> Tensor { try a.affine(1 / b, 0) }
    public static func + (a: Float, b: Tensor) throws -> Tensor { try b.affine(1, a) }
    public static func - (a: Float, b: Tensor) throws -> Tensor { try b.affine(-1, a) }
    public static func * (a: Float, b: Tensor) throws -> Tensor { try b.affine(a, 0) }
    public static prefix func - (a: Tensor) throws -> Tensor { try a.mapped(CTORCH_NEGATE) }

    public func sigmoid() throws -> Tensor { try mapped(CTORCH_SIGMOID) }
    public func tanh() throws -> Tensor { try mapped(CTORCH_TANH) }
    public func relu() throws -> Tensor { try mapped(CTORCH_RELU) }
    public func log() throws -> Tensor { try mapped(CTORCH_LOG) }
    public func exp() throws -> Tensor { try mapped(CTORCH_EXP) }
    public func magnitude() throws -> Tensor { try mapped(CTORCH_ABS) }
    public func squared() throws -> Tensor { try mapped(CTORCH_SQUARE) }
    /// log(1 + eˣ)
    public func softplus() throws -> Tensor { try mapped(CTORCH_SOFTPLUS) }
    /// Over the last dimension.
    public func softmax() throws -> Tensor { try mapped(CTORCH_SOFTMAX) }

    /// Of all values: a tensor without dimensions.
    public func sum() throws -> Tensor { try mapped(CTORCH_SUM) }
    /// Of all values: a tensor without dimensions.
    public func mean() throws -> Tensor { try mapped(CTORCH_MEAN) }

    /// The same values, shared, without their history.
    public func detached() throws -> Tensor { try mapped(CTORCH_DETACH) }

    private func combined(with other: Tensor, _ operation: ctorch_binary) throws -> Tensor {
        let made = try Tensor.make("\(shape) with \(other.shape)") {
            functions.binary(Int32(operation.rawValue), handle, other.handle, $0, $1)
        }
        return Tensor(owning: made, functions)
    }

    private func mapped(_ operation: ctorch_unary) throws -> Tensor {
        let made = try Tensor.make("tensor \(shape)") {
            functions.unary(Int32(operation.rawValue), handle, $0, $1)
        }
        return Tensor(owning: made, functions)
    }

    private func affine(_ factor: Float, _ term: Float) throws -> Tensor {
        let made = try Tensor.make("tensor \(shape)") {
            functions.affine(handle, Double(factor), Double(term), $0, $1)
        }
        return Tensor(owning: made, functions)
    }
}
