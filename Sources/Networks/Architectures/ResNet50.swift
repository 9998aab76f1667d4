import LightboxCore

extension Network {
    public static let resnet50 = Network(
        name: "resnet50", aliases: [],
        paper: "He et al. 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385",
        weightsLicence: "MIT (the paper's authors, by way of Keras Applications)",
        preprocessing: Preprocessing(height: 224, width: 224, scaling: .caffe),
        minimumSize: 32, featureCount: 2048, classes: 1000, body: resnet50Body, head: denseHead)
}

private let style = Norm(epsilon: 1.001e-5)

/// ResNet50, table 1 of the paper. Height × width × channels for a 224 × 224 input.
// swift-format-ignore
@Sendable private func resnet50Body(_ image: Node) -> Node {
    var x = image.padded("conv1_pad", Edges(all: 3))
    x = x.conv("conv1_conv", 64, kernel: 7, stride: 2, bias: true)
    x = x.norm("conv1_bn", style).relu("conv1_relu")                             // 112 × 112 × 64
    x = x.padded("pool1_pad", Edges(all: 1)).maxPool("pool1_pool", 3, stride: 2) //  56 ×  56 × 64
    x = stack(x, "conv2", 64, blocks: 3, stride: 1)                              //  56 ×  56 × 256
    x = stack(x, "conv3", 128, blocks: 4)                                        //  28 ×  28 × 512
    x = stack(x, "conv4", 256, blocks: 6)                                        //  14 ×  14 × 1024
    return stack(x, "conv5", 512, blocks: 3)                                     //   7 ×   7 × 2048
}

private func stack(_ input: Node, _ name: String, _ filters: Int, blocks: Int, stride: Int = 2) -> Node {
    var x = bottleneck(input, "\(name)_block1", filters, stride: Extent(stride, stride), hasShortcut: true)
    for block in 2...blocks { x = bottleneck(x, "\(name)_block\(block)", filters) }
    return x
}

/// 1 × 1, 3 × 3, 1 × 1, around which the input is carried, through a convolution where the shape changes.
private func bottleneck(
    _ input: Node, _ name: String, _ filters: Int, stride: Extent = 1, hasShortcut: Bool = false
) -> Node {
    func unit(_ x: Node, _ step: Int, _ filters: Int, kernel: Extent = 1, stride: Extent = 1) -> Node {
        x.conv("\(name)_\(step)_conv", filters, kernel: kernel, stride: stride, padding: .same, bias: true)
            .norm("\(name)_\(step)_bn", style)
    }
    let shortcut = hasShortcut ? unit(input, 0, 4 * filters, stride: stride) : input
    var x = unit(input, 1, filters, stride: stride).relu("\(name)_1_relu")
    x = unit(x, 2, filters, kernel: 3).relu("\(name)_2_relu")
    x = unit(x, 3, 4 * filters)
    return shortcut.adding(x, "\(name)_add").relu("\(name)_out")
}
