import CTorch
public import LightboxCore

/// An array of 32-bit floats that the engine computes with and differentiates.
///
/// Not Sendable: it belongs to the thread that trains. Its memory is given back with the object.
public final class Tensor {
    let handle: OpaquePointer
    let functions: ctorch_functions

    /// Takes a handle over.
    init(owning handle: OpaquePointer, _ functions: ctorch_functions) {
        self.handle = handle
        self.functions = functions
    }

    deinit { functions.release(handle) }

    /// Copies an array, with its shape.
    public convenience init(_ array: NDArray, on device: Device = .cpu) throws {
        try self.init(array, layout: .plain, on: device)
    }

    /// Copies a batch of images, `[images, height, width, channels]`; inside a network they stay
    /// channels-last, one channel included.
    public static func images(_ array: NDArray, on device: Device = .cpu) throws -> Tensor {
        precondition(array.shape.count == 4, "images × height × width × channels")
        return try Tensor(array, on: device)
    }

    /// A tensor without dimensions.
    public static func scalar(_ value: Float, on device: Device = .cpu) throws -> Tensor {
        try Tensor(NDArray(shape: [], values: [value]), on: device)
    }

    convenience init(_ array: NDArray, layout: Layout, on device: Device) throws {
        try device.check()
        let functions = try TorchLibrary.functions()
        let lengths = array.shape.map(Int64.init)
        let made = try Tensor.make("tensor \(array.shape)") { made, message in
            array.values.withUnsafeBufferPointer {
                functions.make(
                    $0.baseAddress, Int32(lengths.count), lengths, layout.rawValue, device.number, made, message)
            }
        }
        self.init(owning: made, functions)
    }

    public var shape: [Int] { lengthsAndStrides.lengths }

    /// Elements between neighbours along each dimension.
    package var strides: [Int] { lengthsAndStrides.strides }

    private var lengthsAndStrides: (lengths: [Int], strides: [Int]) {
        var lengths = [Int64](repeating: 0, count: Int(CTORCH_RANK))
        var strides = lengths
        functions.lengths(handle, &lengths, &strides)
        let rank = Int(functions.rank(handle))
        return (lengths.prefix(rank).map(Int.init), strides.prefix(rank).map(Int.init))
    }

    /// A copy of the values.
    public func array() throws -> NDArray { try array(shape: shape, layout: .plain) }

    func array(shape: [Int], layout: Layout) throws -> NDArray {
        let count = shape.reduce(1, *)
        var failure: TorchError?
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(TorchError) {
                try check("tensor \(shape)") {
                    functions.read(handle, layout.rawValue, buffer.baseAddress, Int64(count), $0)
                }
                filled = count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return NDArray(shape: shape, values: values)
    }

    /// Overwrites the values in place.
    func write(_ array: NDArray, layout: Layout) throws {
        let lengths = array.shape.map(Int64.init)
        try check("tensor \(array.shape)") { message in
            array.values.withUnsafeBufferPointer {
                functions.write(handle, $0.baseAddress, Int32(lengths.count), lengths, layout.rawValue, message)
            }
        }
    }

    /// The only value.
    public func item() throws -> Float {
        let values = try array().values
        precondition(values.count == 1, "one value")
        return values[0]
    }

    // MARK: Gradients

    /// From here on the gradient with respect to this tensor is kept.
    public func requireGradient() throws {
        try check("gradient") { functions.require_gradient(handle, $0) }
    }

    /// What `backward` left, nil before.
    public var gradient: Tensor? {
        var made: OpaquePointer?
        do { try check("gradient") { functions.gradient(handle, &made, $0) } } catch { return nil }
        return made.map { Tensor(owning: $0, functions) }
    }

    public func clearGradient() throws {
        try check("gradient") { functions.clear_gradient(handle, $0) }
    }

    /// Adds the gradients of this value to all that it was computed from, and frees the way there.
    ///
    /// - Precondition: one value.
    public func backward() throws {
        try check("backward") { functions.backward(handle, $0) }
    }

    /// Calls a function that makes a tensor.
    static func make(
        _ place: @autoclosure () -> String,
        _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<CChar>) -> Int32
    ) throws(TorchError) -> OpaquePointer {
        var made: OpaquePointer?
        try check(place()) { call(&made, $0) }
        guard let made else {
            throw TorchError(code: .computationFailed, place: place(), remedy: "The engine gave no result.")
        }
        return made
    }
}

/// How an array in Keras's order lies in a tensor.
enum Layout {
    case plain
    /// height × width × in × out
    case kernel
    /// height × width × channels × multiplier
    case depthwise
    /// in × out
    case dense

    var rawValue: Int32 {
        switch self {
        case .plain: Int32(CTORCH_PLAIN.rawValue)
        case .kernel: Int32(CTORCH_KERNEL.rawValue)
        case .depthwise: Int32(CTORCH_DEPTHWISE.rawValue)
        case .dense: Int32(CTORCH_DENSE.rawValue)
        }
    }
}
