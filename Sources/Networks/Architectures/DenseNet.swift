import LightboxCore

extension Network {
    public static let densenet121 = densenet(121, blocks: [6, 12, 24, 16], featureCount: 1024)
    public static let densenet169 = densenet(169, blocks: [6, 12, 32, 32], featureCount: 1664)
    public static let densenet201 = densenet(201, blocks: [6, 12, 48, 32], featureCount: 1920)

    /// A quarter of DenseNet121's width and half its depth, for small films and few of them: there are no public
    /// weights for it, and it learns from scratch on a processor.
    public static let densenet63 = densenet(
        63, blocks: [3, 6, 12, 8], growthRate: 16, featureCount: 258,
        weightsLicence: "none public: trained by lightbox train classifier")

    private static func densenet(
        _ depth: Int, blocks: [Int], growthRate: Int = 32, featureCount: Int,
        weightsLicence: String = "BSD-3-Clause (the paper's authors, by way of Keras Applications)"
    ) -> Network {
        Network(
            name: "densenet\(depth)", aliases: [],
            paper: "Huang et al. 2016, Densely Connected Convolutional Networks, arXiv:1608.06993",
            weightsLicence: weightsLicence,
            preprocessing: Preprocessing(height: 224, width: 224, scaling: .imageNetStandardised),
            minimumSize: 32, featureCount: featureCount, classes: 1000,
            body: { densenetBody($0, blocks: blocks, growthRate: growthRate) }, head: denseHead)
    }
}

private let style = Norm(epsilon: 1.001e-5)

/// DenseNet, table 1 of the paper. Height × width × channels of DenseNet121 for a 224 × 224 input.
// swift-format-ignore
private func densenetBody(_ image: Node, blocks: [Int], growthRate: Int) -> Node {
    var x = image.padded(Edges(all: 3)).conv("conv1_conv", 2 * growthRate, kernel: 7, stride: 2)
    x = x.norm("conv1_bn", style).relu("conv1_relu")                             // 112 × 112 × 64
    x = x.padded(Edges(all: 1)).maxPool("pool1", 3, stride: 2)                   //  56 ×  56 × 64
    x = transition(denseBlock(x, "conv2", blocks[0], growthRate), "pool2")                   //  28 ×  28 × 128
    x = transition(denseBlock(x, "conv3", blocks[1], growthRate), "pool3")                   //  14 ×  14 × 256
    x = transition(denseBlock(x, "conv4", blocks[2], growthRate), "pool4")                   //   7 ×   7 × 512
    x = denseBlock(x, "conv5", blocks[3], growthRate)                                        //   7 ×   7 × 1024
    return x.norm("bn", style).relu("relu")                                      //   7 ×   7 × 1024
}

/// Layers of which each sees all before it and adds `growthRate` channels.
private func denseBlock(_ input: Node, _ name: String, _ count: Int, _ growthRate: Int) -> Node {
    var x = input
    for step in 1...count {
        let layer = "\(name)_block\(step)"
        let narrow = x.norm("\(layer)_0_bn", style).relu("\(layer)_0_relu")
            .conv("\(layer)_1_conv", 4 * growthRate, kernel: 1)
        let grown = narrow.norm("\(layer)_1_bn", style).relu("\(layer)_1_relu")
            .conv("\(layer)_2_conv", growthRate, kernel: 3, padding: .same)
        x = x.joined(with: grown, named: "\(layer)_concat")
    }
    return x
}

/// Half the channels, half the rows and columns.
private func transition(_ x: Node, _ name: String) -> Node {
    x.norm("\(name)_bn", style).relu("\(name)_relu")
        .conv("\(name)_conv", x.channels / 2, kernel: 1)
        .averagePool("\(name)_pool", 2, stride: 2)
}
