import LightboxCore
import Networks
import Testing
import Torch

@Suite("Tensors") struct TensorTests {
    private func vector(_ values: Float...) throws -> Tensor {
        try Tensor(NDArray(shape: [values.count], values: values))
    }

    @Test("Arithmetic and its gradients")
    func arithmetic() throws {
        let (a, b) = (try vector(1, 2, -3), try vector(4, 0.5, 2))
        try a.requireGradient()
        try b.requireGradient()
        let value = try ((a * b - 2 * a) / b + a.squared()).sum()
        #expect(try abs(value.item() - (0.5 - 6 + 0 + 14)) < 1e-6)
        try value.backward()
        // 1 − 2/b + 2a and 2a/b²
        #expect(try a.gradient?.array().values == [2.5, 1, -6])
        #expect(try b.gradient?.array().values == [0.125, 16, -1.5])
        try a.clearGradient()
        #expect(a.gradient == nil)
    }

    @Test("Functions")
    func functions() throws {
        let x = try vector(-1, 0, 2)
        func close(_ tensor: Tensor, _ expected: [Float]) throws {
            #expect(distance(try tensor.array().values, expected) < 1e-6)
        }
        try close(x.sigmoid(), [0.2689414, 0.5, 0.8807971])
        try close(x.softplus(), [0.3132617, 0.6931472, 2.126928])
        try close(x.softmax(), [0.0420101, 0.1141952, 0.8437947])
        try close(x.exp().log(), [-1, 0, 2])
        try close(x.magnitude(), [1, 0, 2])
        try close(x.relu().tanh(), [0, 0, 0.9640276])
        try close(-x + 1, [2, 1, -1])
        #expect(try x.mean().item() == Float(1) / 3)
    }

    @Test("Shapes that do not fit are an error with both of them")
    func mismatch() throws {
        let error = #expect(throws: TorchError.self) { try vector(1, 2) + vector(1, 2, 3) }
        #expect(error?.description.contains("[2] with [3]") == true)
    }

    @Test("Images and kernels of one channel lie channels-last too", arguments: [1, 3])
    func strides(channels: Int) throws {
        let graph = try Graph(name: "strides", input: [6, 5, channels]) { image in
            image.conv("first", 4, kernel: 3, padding: .same).depthwise("second").conv("third", 1, kernel: 3)
        }
        let network = try TrainableNetwork(graph, weights: .initial(for: graph, seed: 1))
        let images = try Tensor.images(NDArray(shape: [2, 6, 5, channels]))
        // out × in × height × width, and images × channels × height × width
        #expect(network.parameters[0].tensor.strides == [9 * channels, 1, 3 * channels, channels])
        #expect(network.parameters[1].tensor.strides == [9, 1, 3, 1])
        #expect(network.parameters[2].tensor.strides == [36, 1, 12, 4])
        #expect(try network.mapStrides(of: images) == [30 * channels, 1, 5 * channels, channels])
    }

    @Test("A GPU that is not there is refused", .enabled(if: TorchLibrary.gpuCount == 0, "this machine has a GPU"))
    func missingDevice() throws {
        #expect(throws: TorchError.self) { try Tensor.scalar(1, on: .gpu(0)) }
    }
}
