import LightboxCore

extension Network {
    /// MobileNet at the four widths that have public weights.
    static let mobileNets = [
        mobileNet(width: 1.0, "mobilenet", ["mobilenet_1.0", "mobilenet_v1"]),
        mobileNet(width: 0.25, "mobilenet_0.25"),
        mobileNet(width: 0.5, "mobilenet_0.5", ["mobilenet_0.50"]),
        mobileNet(width: 0.75, "mobilenet_0.75"),
    ]

    private static func mobileNet(width: Double, _ name: String, _ aliases: [String] = []) -> Network {
        Network(
            name: name, aliases: aliases,
            paper: "Howard et al. 2017, MobileNets: Efficient Convolutional Neural Networks, arXiv:1704.04861",
            weightsLicence: "Apache-2.0 (TensorFlow models)",
            preprocessing: Preprocessing(height: 224, width: 224, scaling: .minusOneToOne),
            minimumSize: 32, featureCount: Int(1024 * width), classes: 1000,
            body: { mobileNetBody($0, width: width) }, head: mobileNetHead)
    }
}

/// MobileNet, table 1 of the paper. Height × width × channels for a 224 × 224 input and width 1.
// swift-format-ignore
private func mobileNetBody(_ image: Node, width: Double) -> Node {
    var x = image.conv("conv1", Int(32 * width), kernel: 3, stride: 2, padding: .same)
    x = x.norm().relu6("conv1_relu")                                             // 112 × 112 × 32
    for (step, (filters, stride)) in [
        (64, 1),                                                                 // 112 × 112 × 64
        (128, 2), (128, 1),                                                      //  56 ×  56 × 128
        (256, 2), (256, 1),                                                      //  28 ×  28 × 256
        (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),              //  14 ×  14 × 512
        (1024, 2), (1024, 1),                                                    //   7 ×   7 × 1024
    ].enumerated() {
        x = separated(x, step + 1, Int(Double(filters) * width), stride: stride)
    }
    return x
}

/// Each channel by itself, then 1 × 1, each with norm and ReLU6.
private func separated(_ input: Node, _ step: Int, _ filters: Int, stride: Int) -> Node {
    var x = stride == 1 ? input : input.padded("conv_pad_\(step)", Edges(bottom: 1, right: 1))
    x = x.depthwise("conv_dw_\(step)", stride: Extent(stride, stride), padding: stride == 1 ? .same : .valid)
    x = x.norm().relu6("conv_dw_\(step)_relu")
    return x.conv("conv_pw_\(step)", filters, kernel: 1).norm().relu6("conv_pw_\(step)_relu")
}

/// The classifier is a 1 × 1 convolution.
@Sendable private func mobileNetHead(_ features: Node, classes: Int, activation: Activation) -> Node {
    features.globalAverage(keepsDimensions: true)
        .dropout("dropout", rate: 1e-3)
        .conv("conv_preds", classes, kernel: 1, bias: true)
        .reshaped("reshape_2", [classes])
        .activation(activation, "predictions")
}
