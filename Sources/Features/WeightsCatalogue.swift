import LightboxCore

/// The ImageNet weights that Keras publishes for the networks here: names, places and digests as in
/// `keras.applications` (Keras 3.15).
public enum WeightsCatalogue {
    public static let publisher = "https://storage.googleapis.com/tensorflow/keras-applications"

    /// Every file, by network, those without top first.
    public static let files: [WeightsFile] =
        [
            pair(
                "xception", 299, .mit, top: "0a58e3b7378bc2990ea3b43d5981f1f6",
                notop: "b0042744bf5b25fce3cb969f33bebb97"),
            pair(
                "inception_v3", 299, .apache, top: "9a0d58056eeedaa3f26cb7ebd46da564",
                notop: "bcbd6486424b2319ff4ef7d526e38f63"),
            pair(
                "densenet121", folder: "densenet", 224, .bsd, top: "9d60b8095a5708f2dcce2bca79d332c7",
                notop: "30ee3e1110167f948a6b9946edeeb738"),
            pair(
                "densenet169", folder: "densenet", 224, .bsd, top: "d699b8f76981ab1b30698df4c175e90b",
                notop: "b8c4d4c20dd625c148057b9ff1c1176b"),
            pair(
                "densenet201", folder: "densenet", 224, .bsd, top: "1ceb130c1ea1b78c3bf6114dbdfd8807",
                notop: "c13680b51ded0fb44dff2d8f86ac8bb1"),
            pair(
                "resnet50", folder: "resnet", 224, .mit, top: "2cb95161c43110f7111970584f804107",
                notop: "4d473c1dd8becc155b73f8504c6f6626"),
        ].flatMap { $0 } + mobileNets + mobileNetsV2

    private static func pair(
        _ network: String, folder: String? = nil, _ inputSize: Int, _ licence: WeightsFile.Licence, top: String,
        notop: String
    ) -> [WeightsFile] {
        [false, true].map { hasTop in
            WeightsFile(
                network: network, inputSize: inputSize, hasTop: hasTop,
                fileName: "\(network)_weights_tf_dim_ordering_tf_kernels\(hasTop ? "" : "_notop").h5",
                folder: folder ?? network, integrity: .checksum(Checksum(.md5, hasTop ? top : notop)),
                licence: licence)
        }
    }

    private static let mobileNets: [WeightsFile] = [
        ("0.25", "2_5"), ("0.5", "5_0"), ("0.75", "7_5"), ("1.0", "1_0"),
    ].flatMap { width, digits in
        unpublished("mobilenet_\(width)", folder: "mobilenet", sizes: [224, 192, 160, 128]) { size, hasTop in
            "mobilenet_\(digits)_\(size)_tf\(hasTop ? "" : "_no_top").h5"
        }
    }

    private static let mobileNetsV2: [WeightsFile] = ["0.35", "0.5", "0.75", "1.0", "1.3", "1.4"].flatMap {
        width in
        let sizes = Double(width)! > 1 ? [224] : [224, 192, 160, 128, 96]
        return unpublished("mobilenet_v2_\(width)", folder: "mobilenet_v2", sizes: sizes) { size, hasTop in
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_\(width)_\(size)\(hasTop ? "" : "_no_top").h5"
        }
    }

    private static func unpublished(
        _ network: String, folder: String, sizes: [Int], _ fileName: (_ size: Int, _ hasTop: Bool) -> String
    ) -> [WeightsFile] {
        sizes.flatMap { size in
            [false, true].map { hasTop in
                WeightsFile(
                    network: network, inputSize: size, hasTop: hasTop, fileName: fileName(size, hasTop),
                    folder: folder,
                    integrity: .unpublished, licence: .apache)
            }
        }
    }

    /// Each network once, in the catalogue's order.
    public static var networks: [String] {
        files.reduce(into: []) { if $0.last != $1.network { $0.append($1.network) } }
    }

    /// Finds a network's file.
    ///
    /// - Parameters:
    ///   - name: as on the command line. `mobilenet` and `mobilenet_v2` mean width 1; case, hyphens and trailing
    ///     zeros do not matter.
    ///   - top: with the classifier.
    ///   - inputSize: the MobileNets have weights for several; nil takes the usual one.
    /// - Throws: ``WeightsError`` that lists what there is.
    public static func file(_ name: String, top: Bool = false, inputSize: Int? = nil) throws -> WeightsFile {
        let wanted = simplified(name)
        let ofNetwork = files.filter { simplified($0.network) == wanted && $0.hasTop == top }
        guard !ofNetwork.isEmpty else {
            throw WeightsError(
                .unknownNetwork, "No public weights for \(name). There are: \(networks.joined(separator: ", ")).")
        }
        guard let inputSize else { return ofNetwork[0] }
        guard let file = ofNetwork.first(where: { $0.inputSize == inputSize }) else {
            let sizes = ofNetwork.map { String($0.inputSize) }.joined(separator: ", ")
            throw WeightsError(
                .unknownNetwork, "No weights of \(name) for pictures of \(inputSize). There are: \(sizes).")
        }
        return file
    }

    private static func simplified(_ name: String) -> String {
        var text = name.lowercased().replacing("-", with: "_")
        if text == "mobilenet" || text == "mobilenet_v2" || text == "mobilenetv2" { text += "_1.0" }
        text = text.replacing("mobilenetv2", with: "mobilenet_v2").replacing("inceptionv3", with: "inception_v3")
        while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
