import Foundation
import LightboxCore

/// A convolution's kernel in signed bytes: symmetric, one scale for each output channel.
struct KernelQuantisation {
    /// As the kernel: out × in/groups × height × width.
    let bytes: [Int8]
    /// One for each output channel.
    let scales: [Float]
    /// Power of the rounding error over the power of the kernel.
    let noise: Float
    /// Sum of the rounding error over each filter's rows and columns: out × in/groups.
    private let errorSums: [Double]
    private let inputsPerGroup: Int

    /// - Parameter kernel: out × in/groups × height × width.
    init(_ kernel: NDArray) {
        let outputs = max(kernel.shape[0], 1)
        let filter = kernel.count / outputs
        let inputs = kernel.shape[1]
        let field = filter / max(inputs, 1)
        var bytes = [Int8](repeating: 0, count: kernel.count)
        var scales = [Float](repeating: 1, count: outputs)
        var errorSums = [Double](repeating: 0, count: outputs * inputs)
        var (power, errorPower) = (0.0, 0.0)
        kernel.values.withUnsafeBufferPointer { values in
            for output in 0..<outputs {
                let range = (output * filter)..<((output + 1) * filter)
                let largest = values[range].reduce(0) { max($0, abs($1)) }
                let scale = max(largest / 127, 0x1p-60)
                scales[output] = scale
                for index in range {
                    let rounded = max(-127, min(127, (values[index] / scale).rounded(.toNearestOrEven)))
                    bytes[index] = Int8(rounded)
                    let error = Double(values[index] - rounded * scale)
                    errorSums[output * inputs + (index - range.lowerBound) / field] += error
                    power += Double(values[index]) * Double(values[index])
                    errorPower += error * error
                }
            }
        }
        inputsPerGroup = inputs
        self.bytes = bytes
        self.scales = scales
        self.errorSums = errorSums
        noise = power > 0 ? Float(errorPower / power) : 0
    }

    /// What rounding the kernel takes from each output on average, given the mean of each input channel.
    func meanShift(inputMeans: [Double], groups: Int) -> [Float] {
        let outputs = scales.count
        let outputsPerGroup = max(outputs / max(groups, 1), 1)
        return (0..<outputs).map { output in
            let firstInput = output / outputsPerGroup * inputsPerGroup
            let shift = (0..<inputsPerGroup).reduce(0.0) { sum, input in
                sum + errorSums[output * inputsPerGroup + input] * inputMeans[firstInput + input]
            }
            return Float(shift)
        }
    }
}
