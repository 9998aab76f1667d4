/// A dense array of 32-bit floats, last index fastest (row-major): what networks eat and give.
///
/// Image batches are `[images, height, width, channels]`, as in Keras.
public struct NDArray: Sendable, Equatable {
    public let shape: [Int]
    public var values: [Float]

    /// - Precondition: `values.count` is the product of `shape`.
    public init(shape: [Int], values: [Float]) {
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == values.count)
        self.shape = shape
        self.values = values
    }

    public init(shape: [Int], repeating value: Float = 0) {
        self.init(shape: shape, values: Array(repeating: value, count: shape.reduce(1, *)))
    }

    public var count: Int { values.count }
}
