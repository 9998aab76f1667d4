/// What quantising did to each convolution.
public struct QuantisationReport: Sendable, Codable, Equatable {
    public struct Layer: Sendable, Codable, Equatable {
        /// The node's name.
        public let name: String
        /// Why the layer stayed float; nil for a quantised one.
        public var reasonForFloat: String?
        /// The input's smallest and largest representable values.
        public var inputRange: [Float]?
        /// Power of the input's rounding and clipping error over the power of the input.
        public var inputNoise: Float?
        /// Power of the kernel's rounding error over the power of the kernel.
        public var kernelNoise: Float?
    }

    public var layers: [Layer]

    public var quantisedCount: Int { layers.count { $0.reasonForFloat == nil } }
}
