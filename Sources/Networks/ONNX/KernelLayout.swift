import Foundation
import LightboxCore
import WireFormats

/// A convolution's kernel on its way from Keras's order (height × width × in × out) to ONNX's
/// (out × in × height × width).
struct KernelLayout {
    private let kernel: NDArray
    private let field: Int
    private let inputs: Int
    private let outputs: Int

    /// - Parameter isDepthwise: the kernel is height × width × channels × multiplier: one input channel, as
    ///   many output channels as the last two sizes multiplied.
    init(_ kernel: NDArray, isDepthwise: Bool) {
        self.kernel = kernel
        field = kernel.shape[0] * kernel.shape[1]
        inputs = isDepthwise ? 1 : kernel.shape[2]
        outputs = isDepthwise ? kernel.shape[2] * kernel.shape[3] : kernel.shape[3]
    }

    /// - Parameter scale: a factor for each output channel.
    func tensor(named name: String, scale: [Double]?) -> ONNXTensorProto {
        var data = Data(count: kernel.count * 4)
        let factors = scale ?? Array(repeating: 1, count: outputs)
        data.withUnsafeMutableBytes { bytes in
            let target = bytes.bindMemory(to: Float.self)
            kernel.values.withUnsafeBufferPointer { source in
                factors.withUnsafeBufferPointer { transpose(source, into: target, scale: $0) }
            }
        }
        let dims = [outputs, inputs, kernel.shape[0], kernel.shape[1]]
        return ONNXTensorProto(name: name, dims: dims, type: .float, rawData: data)
    }

    /// In squares of 32 × 32, so that both sides stay in the cache.
    private func transpose(
        _ source: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Float>,
        scale: UnsafeBufferPointer<Double>
    ) {
        let side = 32
        for firstInput in stride(from: 0, to: inputs, by: side) {
            for firstOutput in stride(from: 0, to: outputs, by: side) {
                let lastOutput = min(outputs, firstOutput + side)
                for input in firstInput..<min(inputs, firstInput + side) {
                    for position in 0..<field {
                        let row = (position * inputs + input) * outputs
                        for output in firstOutput..<lastOutput {
                            target[(output * inputs + input) * field + position] =
                                Float(Double(source[row + output]) * scale[output])
                        }
                    }
                }
            }
        }
    }
}
