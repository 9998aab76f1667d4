import Inference

/// The arithmetic that features are computed in, as on the command line.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// The fastest whose features agree with f32's on a sample of the input.
    case auto
    /// 32-bit floats.
    case float32 = "f32"
    /// bfloat16 factors, 32-bit sums.
    case bfloat16 = "bf16"
    /// 8-bit convolutions, calibrated on a sample of the input; the rest in bfloat16.
    case int8

    /// What OpenVINO computes the unquantised layers in.
    var arithmetic: CompiledModel.Options.Precision { self == .float32 || self == .auto ? .float32 : .bfloat16 }
}

/// How well and how fast each precision computed a sample of the input.
public struct PrecisionReport: Sendable, Codable, Equatable {
    public struct Candidate: Sendable, Codable, Equatable {
        public let precision: Precision
        /// Mean over the sample of the cosine between these features and f32's.
        public let meanCosine: Double
        /// The least cosine of the sample.
        public let leastCosine: Double
        public let imagesPerSecond: Double
    }

    public let chosen: Precision
    /// The least mean cosine that was asked for.
    public let agreement: Double
    /// Images that were compared.
    public let sampleCount: Int
    public let candidates: [Candidate]
}
