import CTorch

/// Where tensors live and are computed with.
public enum Device: Sendable, Hashable {
    case cpu
    /// By its number, from 0.
    case gpu(Int)

    /// As the C face counts.
    var number: Int32 {
        switch self {
        case .cpu: -1
        case .gpu(let number): Int32(clamping: number)
        }
    }

    /// - Throws: ``TorchError`` when there is no such GPU.
    func check() throws {
        guard case .gpu(let number) = self else { return }
        let count = TorchLibrary.gpuCount
        guard (0..<count).contains(number) else {
            throw TorchError(
                code: .deviceMissing, place: "GPU \(number)",
                remedy: "libtorch sees \(count) GPUs. Train on the processor, or install libtorch with CUDA.")
        }
    }
}

/// In which numbers the layers compute. Weights, statistics, losses and updates are 32-bit floats in each.
public enum TrainingPrecision: String, Sendable, Codable, CaseIterable {
    case f32
    /// bfloat16 feature maps and kernels in convolutions, summed in 32 bits.
    case bf16
    /// `bf16` where the processor or the GPU computes it natively, else `f32`.
    case auto

    /// `f32` or `bf16`.
    public func resolved(on device: Device) throws -> TrainingPrecision {
        guard self == .auto else { return self }
        return try TorchLibrary.functions().computes_bf16(device.number) != 0 ? .bf16 : .f32
    }
}
