import LightboxCore

extension Network {
    /// A small fully convolutional network: from an image to a map of the same size with values 0...1.
    public static let heatmap = Network(
        name: "heatmap", aliases: ["highlights_fcn"],
        paper:
            "Long et al. 2014, Fully Convolutional Networks for Semantic Segmentation, arXiv:1411.4038 (the idea)",
        weightsLicence: "none public: trained by lightbox train heatmap",
        preprocessing: Preprocessing(height: 128, width: 128, scaling: .zeroToOne),
        minimumSize: 3, featureCount: 1, classes: 0, body: heatmapBody,
        head: { features, _, _ in features })
}

/// Height × width × channels for a 128 × 128 input.
// swift-format-ignore
@Sendable private func heatmapBody(_ image: Node) -> Node {
    var x = image.conv(32, kernel: 3, padding: .same, bias: true).relu()         // 128 × 128 × 32
    x = x.conv(32, kernel: 3, padding: .same, bias: true).relu()                 // 128 × 128 × 32
    x = x.conv("Output", 1, kernel: 3, padding: .same, bias: true)
    return x.activation(.sigmoid)                                                // 128 × 128 × 1
}
