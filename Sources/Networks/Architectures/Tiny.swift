import LightboxCore

extension Network {
    /// A few thousand weights and one of every kind of layer, for tests and first tries.
    public static let tiny = Network(
        name: "tiny", aliases: [],
        paper: "none: made for tests",
        weightsLicence: "none public",
        preprocessing: Preprocessing(height: 32, width: 32, scaling: .minusOneToOne),
        minimumSize: 8, featureCount: 32, classes: 10, body: tinyBody, head: denseHead)
}

/// Height × width × channels for a 32 × 32 input.
// swift-format-ignore
@Sendable private func tinyBody(_ image: Node) -> Node {
    var x = image.conv("conv1", 8, kernel: 3, stride: 2, padding: .same).norm().relu6()   // 16 × 16 × 8
    let shortcut = x.conv(16, kernel: 1, stride: 2, padding: .same).norm()                //  8 ×  8 × 16
    x = x.separable("sepconv2", 16).norm().relu()                                         // 16 × 16 × 16
    x = x.maxPool("pool2", 3, stride: 2, padding: .same).adding(shortcut)                 //  8 ×  8 × 16
    let context = x.averagePool(3, stride: 1, padding: .same)                             //  8 ×  8 × 16
    x = x.padded(Edges(all: 1)).depthwise("dwconv3", padding: .valid).norm().relu()       //  8 ×  8 × 16
    x = x.joined(with: context, named: "mixed")                                           //  8 ×  8 × 32
    x = x.norm("bn4").relu().averagePool("pool4", 2, stride: 2)                           //  4 ×  4 × 32
    return x.conv("conv5", 32, kernel: 1, bias: true).relu()                              //  4 ×  4 × 32
}
