import LightboxCore

extension Network {
    public static let inceptionV3 = Network(
        name: "inception_v3", aliases: ["inception"],
        paper: "Szegedy et al. 2015, Rethinking the Inception Architecture for Computer Vision, arXiv:1512.00567",
        weightsLicence: "Apache-2.0 (TensorFlow models)",
        preprocessing: Preprocessing(height: 299, width: 299, scaling: .minusOneToOne),
        minimumSize: 75, featureCount: 2048, classes: 1000, body: inceptionV3Body, head: denseHead)
}

/// InceptionV3, table 1 of the paper. Height × width × channels for a 299 × 299 input.
///
/// Keras names none of the convolutions, and their norms have no scale.
// swift-format-ignore
@Sendable private func inceptionV3Body(_ image: Node) -> Node {
    var x = image.unit(32, 3, stride: 2, padding: .valid)                        // 149 × 149 × 32
    x = x.unit(32, 3, padding: .valid)                                           // 147 × 147 × 32
    x = x.unit(64, 3).maxPool(3, stride: 2)                                      //  73 ×  73 × 64
    x = x.unit(80, 1, padding: .valid)                                           //  73 ×  73 × 80
    x = x.unit(192, 3, padding: .valid).maxPool(3, stride: 2)                    //  35 ×  35 × 192
    x = block5x5(x, "mixed0", pooled: 32)                                        //  35 ×  35 × 256
    x = block5x5(x, "mixed1", pooled: 64)                                        //  35 ×  35 × 288
    x = block5x5(x, "mixed2", pooled: 64)                                        //  35 ×  35 × 288
    x = shrink35(x, "mixed3")                                                    //  17 ×  17 × 768
    x = block7x7(x, "mixed4", 128)                                               //  17 ×  17 × 768
    x = block7x7(x, "mixed5", 160)                                               //  17 ×  17 × 768
    x = block7x7(x, "mixed6", 160)                                               //  17 ×  17 × 768
    x = block7x7(x, "mixed7", 192)                                               //  17 ×  17 × 768
    x = shrink17(x, "mixed8")                                                    //   8 ×   8 × 1280
    x = blockWide(x, "mixed9", split: "mixed9_0")                                //   8 ×   8 × 2048
    return blockWide(x, "mixed10", split: "mixed9_1")                            //   8 ×   8 × 2048
}

/// Figure 5: a 5 × 5 branch and one of two 3 × 3.
private func block5x5(_ x: Node, _ name: String, pooled: Int) -> Node {
    let branch1x1 = x.unit(64, 1)
    let branch5x5 = x.unit(48, 1).unit(64, 5)
    let branch3x3 = x.unit(64, 1).unit(96, 3).unit(96, 3)
    let branchPool = x.averagePool(3, stride: 1, padding: .same).unit(pooled, 1)
    return branch1x1.joined(with: branch5x5, branch3x3, branchPool, named: name)
}

/// Figure 10: from 35 × 35 to 17 × 17.
private func shrink35(_ x: Node, _ name: String) -> Node {
    let branch3x3 = x.unit(384, 3, stride: 2, padding: .valid)
    let branchDouble = x.unit(64, 1).unit(96, 3).unit(96, 3, stride: 2, padding: .valid)
    let branchPool = x.maxPool(3, stride: 2)
    return branch3x3.joined(with: branchDouble, branchPool, named: name)
}

/// Figure 6: 7 × 7 written as 1 × 7 and 7 × 1.
private func block7x7(_ x: Node, _ name: String, _ width: Int) -> Node {
    let row = Extent(1, 7)
    let column = Extent(7, 1)
    let branch1x1 = x.unit(192, 1)
    let branch7x7 = x.unit(width, 1).unit(width, row).unit(192, column)
    let branchDouble = x.unit(width, 1).unit(width, column).unit(width, row).unit(width, column).unit(192, row)
    let branchPool = x.averagePool(3, stride: 1, padding: .same).unit(192, 1)
    return branch1x1.joined(with: branch7x7, branchDouble, branchPool, named: name)
}

/// Figure 10 again: from 17 × 17 to 8 × 8.
private func shrink17(_ x: Node, _ name: String) -> Node {
    let branch3x3 = x.unit(192, 1).unit(320, 3, stride: 2, padding: .valid)
    let branch7x7 = x.unit(192, 1).unit(192, Extent(1, 7)).unit(192, Extent(7, 1))
        .unit(192, 3, stride: 2, padding: .valid)
    let branchPool = x.maxPool(3, stride: 2)
    return branch3x3.joined(with: branch7x7, branchPool, named: name)
}

/// Figure 7: branches that end in 1 × 3 beside 3 × 1.
private func blockWide(_ x: Node, _ name: String, split: String) -> Node {
    let branch1x1 = x.unit(320, 1)
    let stem3x3 = x.unit(384, 1)
    let branch3x3 = stem3x3.unit(384, Extent(1, 3)).joined(with: stem3x3.unit(384, Extent(3, 1)), named: split)
    let stemDouble = x.unit(448, 1).unit(384, 3)
    let branchDouble = stemDouble.unit(384, Extent(1, 3)).joined(with: stemDouble.unit(384, Extent(3, 1)))
    let branchPool = x.averagePool(3, stride: 1, padding: .same).unit(192, 1)
    return branch1x1.joined(with: branch3x3, branchDouble, branchPool, named: name)
}

extension Node {
    /// Convolution, norm without scale, ReLU.
    fileprivate func unit(
        _ filters: Int, _ kernel: Extent, stride: Extent = 1, padding: Padding = .same
    ) -> Node {
        conv(filters, kernel: kernel, stride: stride, padding: padding).norm(Norm(hasScale: false)).relu()
    }
}
