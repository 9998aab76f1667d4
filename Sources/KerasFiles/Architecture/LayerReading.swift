import LightboxCore
import Networks
import WireFormats

/// What a layer of a configuration becomes.
enum LayerReading: Equatable {
    /// One operation, with an activation behind it (`linear` for none).
    case operation(Operation, Activation)
    /// Scales and shifts with fixed numbers, one or one per channel.
    case rescaling(scale: [Float], offset: [Float])
    /// Does nothing outside of training, and nothing here in training either.
    case onlyInTraining
    case nothing
}

extension LayerSettings {
    /// Reads a layer of a class that this build knows.
    ///
    /// - Parameters:
    ///   - input: the shape of what the layer reads, without the number of images.
    /// - Throws: ``ArchitectureError`` naming the layer, its class and the setting that is not supported.
    func reading(_ className: String, input: [Int]) throws -> LayerReading {
        // TensorFlow 1 counted some classes: BatchNormalizationV1.
        switch className.hasSuffix("V1") || className.hasSuffix("V2") ? String(className.dropLast(2)) : className {
        case "Conv2D", "Convolution2D", "DepthwiseConv2D", "SeparableConv2D":
            return .operation(try convolution(className), try activation())
        case "Dense":
            return .operation(try dense(input), try activation())
        case "BatchNormalization":
            return .operation(.norm(try norm(input)), .linear)
        case "Activation":
            let activation = try activation()
            return activation == .linear ? .nothing : .operation(.activation(activation), .linear)
        case "ReLU":
            return .operation(.activation(try rectifier()), .linear)
        case "Softmax":
            try requireLast("axis", of: input)
            return .operation(.activation(.softmax), .linear)
        case "MaxPooling2D", "AveragePooling2D", "MaxPool2D", "AveragePool2D", "AvgPool2D":
            return .operation(try pool(className.hasPrefix("Max") ? .max : .average), .linear)
        case "GlobalMaxPooling2D", "GlobalAveragePooling2D", "GlobalMaxPool2D", "GlobalAveragePool2D":
            return .operation(try globalPool(className.hasPrefix("GlobalMax") ? .max : .average), .linear)
        case "Add":
            return .operation(.add, .linear)
        case "Concatenate":
            try requireLast("axis", of: input)
            return .operation(.concatenate, .linear)
        case "ZeroPadding2D":
            return .operation(.zeroPadding(try edges()), .linear)
        case "Flatten":
            try requireChannelsLast()
            return .operation(.flatten, .linear)
        case "Reshape":
            return .operation(.reshape(try targetShape(input)), .linear)
        case "Dropout":
            return .operation(.dropout(rate: try dropoutRate()), .linear)
        case "Rescaling":
            return .rescaling(scale: try numbers("scale"), offset: try numbers("offset", otherwise: 0))
        case "TFOpLambda":
            return try tensorFlowOperator()
        case _ where LayerSettings.trainingOnly.contains(className):
            return .onlyInTraining
        default:
            throw unknown(className)
        }
    }

    /// Classes that act in training only.
    private static let trainingOnly: Set<String> = [
        "GaussianNoise", "GaussianDropout", "SpatialDropout2D", "ActivityRegularization", "RandomFlip",
        "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
    ]

    private func unknown(_ className: String) -> ArchitectureError {
        if className == "Lambda" {
            return refusal("is a Lambda: it holds code, which Lightbox never runs")
        }
        return refusal("is a \(className.prefix(60)), which is not supported")
    }

    // MARK: Layers with weights

    private func convolution(_ className: String) throws -> Operation {
        try requireChannelsLast()
        try require("dilation_rate", isOneOf: [1])
        let window = Window(
            try extent("kernel_size"), stride: try extent("strides", otherwise: 1), padding: try padding())
        let hasBias = try flag("use_bias", otherwise: true)
        switch className {
        case "DepthwiseConv2D":
            return .depthwise(multiplier: try count("depth_multiplier", otherwise: 1), window, hasBias: hasBias)
        case "SeparableConv2D":
            try require("depth_multiplier", isOneOf: [1])
            return .separable(filters: try count("filters"), window, hasBias: hasBias)
        default:
            try require("groups", isOneOf: [1])
            return .convolution(filters: try count("filters"), window, hasBias: hasBias)
        }
    }

    private func dense(_ input: [Int]) throws -> Operation {
        guard input.count == 1 else {
            throw refusal("is a Dense layer on a map of \(input.count) dimensions, which is not supported")
        }
        return .dense(units: try count("units"), hasBias: try flag("use_bias", otherwise: true))
    }

    private func norm(_ input: [Int]) throws -> Norm {
        try requireLast("axis", of: input)
        if try flag("renorm", otherwise: false) { throw refusal("has renorm, which is not supported") }
        let epsilon = try number("epsilon", otherwise: 1e-3)
        let momentum = try number("momentum", otherwise: 0.99)
        guard epsilon >= 0, (0...1).contains(momentum) else {
            throw damage("has an impossible epsilon or momentum")
        }
        return Norm(
            epsilon: Float(epsilon), momentum: Float(momentum), hasScale: try flag("scale", otherwise: true),
            hasOffset: try flag("center", otherwise: true))
    }

    /// That an axis, if given, is the one of the channels.
    private func requireLast(_ key: String, of input: [Int]) throws {
        let axes = try integers(key) ?? [-1]
        guard axes.allSatisfy({ $0 == -1 || $0 == input.count }), axes.count == 1 else {
            throw refusal("has axis \(axes.map(String.init).joined(separator: ", ")), not that of the channels")
        }
    }

    // MARK: Activations

    /// Of the layer, by its name in Keras; `linear` for none.
    private func activation() throws -> Activation {
        guard let value = present("activation") else { return .linear }
        // Keras 3 writes functions beyond its own as objects.
        let isCode = value["class_name"]?.string == "__lambda__"
        let name = value.string ?? (value["class_name"]?.string == "function" ? value["config"]?.string : nil)
        guard let name, !isCode else {
            throw refusal(
                isCode
                    ? "has code as its activation, which Lightbox never runs"
                    : "has an activation that is a layer, which is not supported")
        }
        guard let activation = Activation(rawValue: name == "softmax_v2" ? "softmax" : name) else {
            throw refusal("has the activation \(name.prefix(40)), which is not supported")
        }
        return activation
    }

    private func rectifier() throws -> Activation {
        guard try number("negative_slope", otherwise: 0) == 0, try number("threshold", otherwise: 0) == 0 else {
            throw refusal("is a ReLU with a slope or a threshold, which is not supported")
        }
        guard present("max_value") != nil else { return .relu }
        guard try number("max_value", otherwise: nil) == 6 else {
            throw refusal("is a ReLU with a max_value other than 6, which is not supported")
        }
        return .relu6
    }

    // MARK: Layers without weights

    private func pool(_ kind: PoolKind) throws -> Operation {
        try requireChannelsLast()
        let size = try extent("pool_size", otherwise: 2)
        return .pool(kind, Window(size, stride: try extent("strides", otherwise: size), padding: try padding()))
    }

    private func globalPool(_ kind: PoolKind) throws -> Operation {
        try requireChannelsLast()
        return .globalPool(kind, keepsDimensions: try flag("keepdims", otherwise: false))
    }

    /// 1, `[1, 1]`, or `[[top, bottom], [left, right]]`.
    private func edges() throws -> Edges {
        try requireChannelsLast()
        guard let value = present("padding") else { return Edges(all: 1) }
        let sides = LayerSettings.list(value) ?? [value, value]
        let pairs = sides.map { side in
            (LayerSettings.list(side) ?? [side, side]).compactMap { LayerSettings.whole($0) }
        }
        guard pairs.count == 2, pairs.allSatisfy({ $0.count == 2 }),
            pairs.joined().allSatisfy({ (0...4_096).contains($0) })
        else { throw damage("has an improper padding") }
        return Edges(top: pairs[0][0], left: pairs[1][0], bottom: pairs[0][1], right: pairs[1][1])
    }

    private func targetShape(_ input: [Int]) throws -> [Int] {
        guard var shape = try integers("target_shape") else { throw damage("has no target_shape") }
        let count = input.reduce(1, *)
        guard shape.count == 1 || shape.count == 3 else {
            throw refusal("makes \(shape.count) dimensions, not 1 or 3")
        }
        let known = shape.filter { $0 != -1 }
        var product = 1
        for size in known {
            guard size >= 1, size <= count / product else { throw damage("has a target_shape that does not fit") }
            product *= size
        }
        if let open = shape.firstIndex(of: -1), known.count == shape.count - 1 { shape[open] = count / product }
        guard shape.allSatisfy({ $0 >= 1 }), shape.reduce(1, *) == count else {
            throw damage("has a target_shape that does not fit")
        }
        return shape
    }

    private func dropoutRate() throws -> Float {
        let rate = try number("rate", otherwise: nil)
        guard (0..<1).contains(rate) else { throw damage("has a rate outside of 0..<1") }
        return Float(rate)
    }

    private func numbers(_ key: String, otherwise fallback: Double? = nil) throws -> [Float] {
        guard let list = present(key).flatMap({ LayerSettings.list($0) }) else {
            return [Float(try number(key, otherwise: fallback))]
        }
        let numbers = list.compactMap(\.double).filter { abs($0) < 1e30 }
        guard numbers.count == list.count, !numbers.isEmpty else { throw damage("has an improper \(key)") }
        return numbers.map { Float($0) }
    }

    /// An operator of TensorFlow between layers; the sum is the one that residual networks use.
    private func tensorFlowOperator() throws -> LayerReading {
        guard let function = text("function"), ["__operators__.add", "math.add"].contains(function) else {
            throw refusal("is the operator \((text("function") ?? "?").prefix(60)), which is not supported")
        }
        return .operation(.add, .linear)
    }
}
