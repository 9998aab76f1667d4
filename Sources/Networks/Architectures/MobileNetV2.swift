import LightboxCore

extension Network {
    /// MobileNetV2 at the six widths that have public weights.
    static let mobileNetV2s = [
        mobileNetV2(width: 1.0, "mobilenet_v2", ["mobilenet_v2_1.0"]),
        mobileNetV2(width: 0.35, "mobilenet_v2_0.35"),
        mobileNetV2(width: 0.5, "mobilenet_v2_0.5", ["mobilenet_v2_0.50"]),
        mobileNetV2(width: 0.75, "mobilenet_v2_0.75"),
        mobileNetV2(width: 1.3, "mobilenet_v2_1.3"),
        mobileNetV2(width: 1.4, "mobilenet_v2_1.4"),
    ]

    private static func mobileNetV2(width: Double, _ name: String, _ aliases: [String] = []) -> Network {
        Network(
            name: name, aliases: aliases,
            paper: "Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381",
            weightsLicence: "Apache-2.0 (TensorFlow models)",
            preprocessing: Preprocessing(height: 224, width: 224, scaling: .minusOneToOne),
            minimumSize: 32, featureCount: width > 1 ? divisible(1280 * width) : 1280, classes: 1000,
            body: { mobileNetV2Body($0, width: width) }, head: denseHead)
    }
}

private let style = Norm(epsilon: 1e-3, momentum: 0.999)

/// MobileNetV2, table 2 of the paper. Height × width × channels for a 224 × 224 input and width 1.
// swift-format-ignore
private func mobileNetV2Body(_ image: Node, width: Double) -> Node {
    var x = image.conv("Conv1", divisible(32 * width), kernel: 3, stride: 2, padding: .same)
    x = x.norm("bn_Conv1", style).relu6("Conv1_relu")                            // 112 × 112 × 32
    x = invertedResidual(x, "expanded_conv", scaled(16, width), expansion: 1)    // 112 × 112 × 16
    var block = 0
    for (filters, repeats, stride) in [
        (24, 2, 2),                                                              //  56 ×  56 × 24
        (32, 3, 2),                                                              //  28 ×  28 × 32
        (64, 4, 2),                                                              //  14 ×  14 × 64
        (96, 3, 1),                                                              //  14 ×  14 × 96
        (160, 3, 2),                                                             //   7 ×   7 × 160
        (320, 1, 1),                                                             //   7 ×   7 × 320
    ] {
        for step in 0..<repeats {
            block += 1
            x = invertedResidual(
                x, "block_\(block)", scaled(filters, width), stride: step == 0 ? stride : 1)
        }
    }
    x = x.conv("Conv_1", width > 1 ? divisible(1280 * width) : 1280, kernel: 1)
    return x.norm("Conv_1_bn", style).relu6("out_relu")                          //   7 ×   7 × 1280
}

/// Widen with 1 × 1, filter each channel, narrow with 1 × 1; carried around where the shape stays.
private func invertedResidual(
    _ input: Node, _ name: String, _ filters: Int, stride: Int = 1, expansion: Int = 6
) -> Node {
    var x = input
    if expansion > 1 {
        x = x.conv("\(name)_expand", expansion * input.channels, kernel: 1)
        x = x.norm("\(name)_expand_BN", style).relu6("\(name)_expand_relu")
    }
    if stride == 2 { x = x.padded("\(name)_pad", evenStart(x.shape)) }
    x = x.depthwise("\(name)_depthwise", stride: Extent(stride, stride), padding: stride == 2 ? .valid : .same)
    x = x.norm("\(name)_depthwise_BN", style).relu6("\(name)_depthwise_relu")
    x = x.conv("\(name)_project", filters, kernel: 1).norm("\(name)_project_BN", style)
    return stride == 1 && input.channels == filters ? input.adding(x, "\(name)_add") : x
}

/// Padding for a strided 3 × 3 window: one row on both sides, none at the top where the size is even.
private func evenStart(_ shape: [Int]) -> Edges {
    Edges(top: shape[0] % 2, left: shape[1] % 2, bottom: 1, right: 1)
}

private func scaled(_ filters: Int, _ width: Double) -> Int { divisible(Double(Int(Double(filters) * width))) }

/// The nearest multiple of eight, but not more than a tenth below.
private func divisible(_ filters: Double) -> Int {
    let rounded = max(8, Int(filters + 4) / 8 * 8)
    return Double(rounded) < 0.9 * filters ? rounded + 8 : rounded
}
