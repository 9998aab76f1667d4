import LightboxCore

extension Network {
    public static let xception = Network(
        name: "xception", aliases: [],
        paper: "Chollet 2017, Xception: Deep Learning with Depthwise Separable Convolutions, arXiv:1610.02357",
        weightsLicence: "MIT (Keras Applications)",
        preprocessing: Preprocessing(height: 299, width: 299, scaling: .minusOneToOne),
        minimumSize: 71, featureCount: 2048, classes: 1000, body: xceptionBody, head: denseHead)
}

/// Xception, figure 5 of the paper. Height × width × channels for a 299 × 299 input.
///
/// Keras gives the four shortcut convolutions and their norms no names.
// swift-format-ignore
@Sendable private func xceptionBody(_ image: Node) -> Node {
    // Entry flow
    var x = image.conv("block1_conv1", 32, kernel: 3, stride: 2).norm().relu()   // 149 × 149 × 32
    x = x.conv("block1_conv2", 64, kernel: 3).norm().relu()                      // 147 × 147 × 64
    x = shrinkingBlock(x, "block2", widths: (128, 128), startsWithReLU: false)   //  74 ×  74 × 128
    x = shrinkingBlock(x, "block3", widths: (256, 256))                          //  37 ×  37 × 256
    x = shrinkingBlock(x, "block4", widths: (728, 728))                          //  19 ×  19 × 728
    // Middle flow
    for block in 5...12 { x = middleBlock(x, "block\(block)") }                  //  19 ×  19 × 728
    // Exit flow
    x = shrinkingBlock(x, "block13", widths: (728, 1024))                        //  10 ×  10 × 1024
    x = x.separable("block14_sepconv1", 1536).norm().relu()                      //  10 ×  10 × 1536
    return x.separable("block14_sepconv2", 2048).norm().relu()                   //  10 ×  10 × 2048
}

/// Two separable convolutions and a pooling that halves rows and columns, beside a strided 1 × 1 shortcut.
private func shrinkingBlock(
    _ input: Node, _ name: String, widths: (Int, Int), startsWithReLU: Bool = true
) -> Node {
    let shortcut = input.conv(widths.1, kernel: 1, stride: 2, padding: .same).norm()
    var x = startsWithReLU ? input.relu("\(name)_sepconv1_act") : input
    x = x.separable("\(name)_sepconv1", widths.0).norm().relu("\(name)_sepconv2_act")
    x = x.separable("\(name)_sepconv2", widths.1).norm()
    return x.maxPool("\(name)_pool", 3, stride: 2, padding: .same).adding(shortcut)
}

/// Three separable convolutions around which the input is carried.
private func middleBlock(_ input: Node, _ name: String) -> Node {
    var x = input
    for step in 1...3 {
        x = x.relu("\(name)_sepconv\(step)_act").separable("\(name)_sepconv\(step)", 728).norm()
    }
    return x.adding(input)
}
