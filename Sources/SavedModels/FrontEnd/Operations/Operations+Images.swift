import Imaging
import LightboxCore

extension Operations {
    static let images: [String: Compute] = [
        "DecodePng": { try decoded($0, $0.attribute(type: "dtype")) },
        "DecodeJpeg": { call in
            guard try (call.attribute(int: "ratio") ?? 1) <= 1 else {
                throw call.unsupported("Reading a JPEG at a smaller scale is not done.")
            }
            return try decoded(call, .uint8)
        },
        "DecodeImage": { try decoded($0, $0.attribute(type: "dtype")) },
        "ResizeBilinear": { try resized($0, .bilinear) },
        "ResizeBicubic": { try resized($0, .bicubic) },
        "ResizeArea": { try resized($0, .area) },
        "ResizeNearestNeighbor": { try resized($0, .nearest) },
        "ScaleAndTranslate": scaledAndTranslated,
    ]

    // MARK: Decoding

    /// Each of the three reads every kind of image, as in TensorFlow.
    private static func decoded(_ call: Call, _ type: DataType) throws -> [GraphValue] {
        let wanted = try call.attribute(int: "channels") ?? 0
        guard [0, 1, 3, 4].contains(wanted) else { throw call.unsupported("\(wanted) channels are not read.") }
        if let probe = call.probe {
            let shape = [probe.height, probe.width, wanted == 0 ? probe.channels : wanted]
            return GraphValue.one(
                shape, try samples(.uint8(Array(repeating: 0, count: shape.reduce(1, *))), type, call))
        }
        guard let bytes = try call.strings(0).first, try call.strings(0).count == 1 else {
            throw call.badInput("It takes the bytes of one image.")
        }
        do {
            let image = try image(bytes, channels: wanted == 0 ? nil : wanted, type, call)
            return GraphValue.one(
                [image.height, image.width, image.channels], try samples(image.samples, type, call))
        } catch let error as ImageError {
            throw call.badInput(error.remedy)
        }
    }

    private static func image(_ bytes: Bytes, channels: Int?, _ type: DataType, _ call: Call) throws -> Image {
        let limits = ImageLimits(maximumPixels: call.limits.imagePixels)
        switch ImageFile.Format(of: bytes) {
        case .jpeg where channels != 4:
            let accurate = try call.attribute(text: "dct_method") == "INTEGER_ACCURATE"
            return try JPEG.decode(
                bytes, channels: channels, transform: accurate ? .accurate : .fast, limits: limits)
        case .png:
            return try PNG.decode(
                bytes, channels: channels, narrowsTo8Bits: type == .uint8 || type == .invalid, limits: limits)
        default: return try ImageFile.decode(bytes, channels: channels == 4 ? 3 : channels, limits: limits)
        }
    }

    private static func samples(_ samples: Image.Samples, _ type: DataType, _ call: Call) throws
        -> GraphTensor.Elements
    {
        switch (samples, type) {
        case (.uint8(let values), .uint8), (.uint8(let values), .invalid): return .uint8(values)
        case (.uint8(let values), .uint16): return .uint16(values.map { UInt16($0) * 257 })
        case (.uint16(let values), .uint16): return .uint16(values)
        case (.uint8(let values), .float): return .float32(values.map { Float($0) / 255 })
        case (.uint16(let values), .float): return .float32(values.map { Float($0) / 65535 })
        default: throw call.unsupported("Images are not read as \(type.name).")
        }
    }

    // MARK: Resizing

    private enum Method { case bilinear, bicubic, area, nearest }

    private static func resized(_ call: Call, _ method: Method) throws -> [GraphValue] {
        let (tensor, size) = (try call.tensor(0), try call.ints(1))
        guard tensor.shape.count == 4, size.count == 2, tensor.count > 0, size[0] > 0, size[1] > 0 else {
            throw call.badInput("It resizes a batch of images, none of them empty.")
        }
        let shape = [tensor.shape[0], size[0], size[1], tensor.shape[3]]
        try call.check(shape, .float)
        let grid = Resampling.Grid(
            alignsCorners: try call.flag("align_corners"), hasHalfPixelCenters: try call.flag("half_pixel_centers")
        )
        func axes(_ make: (Int, Int) -> Resampling.Axis) -> (Resampling.Axis, Resampling.Axis) {
            (make(tensor.shape[1], size[0]), make(tensor.shape[2], size[1]))
        }
        switch method {
        case .nearest:
            let (rows, columns) = axes { grid.nearest(from: $0, to: $1) }
            let places = nearestPlaces(tensor.shape, rows, columns)
            return GraphValue.one(shape, tensor.elements.gathered(places))
        case .bilinear:
            if let quick = quickBilinear(tensor, shape, grid) { return GraphValue.one(shape, .float32(quick)) }
            return try resampled(call, tensor, shape, axes { grid.bilinear(from: $0, to: $1) })
        case .bicubic: return try resampled(call, tensor, shape, axes { grid.bicubic(from: $0, to: $1) })
        case .area: return try resampled(call, tensor, shape, axes { grid.area(from: $0, to: $1) })
        }
    }

    private static func resampled(
        _ call: Call, _ tensor: GraphTensor, _ shape: [Int],
        _ axes: (rows: Resampling.Axis, columns: Resampling.Axis)
    ) throws -> [GraphValue] {
        guard case .float32(let values) = try Numbers.cast(call.with([.tensor(tensor)]), 0, to: .float).elements
        else {
            throw call.unsupported()
        }
        return GraphValue.one(
            shape,
            .float32(Resampling.apply(to: values, shape: tensor.shape, rows: axes.rows, columns: axes.columns)))
    }

    /// One 8-bit picture with the grid that training and embedding share: by the code that they share.
    private static func quickBilinear(_ tensor: GraphTensor, _ shape: [Int], _ grid: Resampling.Grid) -> [Float]? {
        guard case .uint8(let samples) = tensor.elements, tensor.shape[0] == 1, !grid.alignsCorners,
            [1, 3].contains(tensor.shape[3])
        else { return nil }
        let image = Image(
            width: tensor.shape[2], height: tensor.shape[1], channels: tensor.shape[3], samples: .uint8(samples))
        return Preprocessing(
            height: shape[1], width: shape[2], channels: shape[3], scaling: .none,
            resampling: grid.hasHalfPixelCenters ? .bilinear : .legacyBilinear
        ).apply(to: image).values
    }

    private static func nearestPlaces(_ shape: [Int], _ rows: Resampling.Axis, _ columns: Resampling.Axis) -> [Int]
    {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        var places: [Int] = []
        places.reserveCapacity(shape[0] * rows.taps.count * columns.taps.count * channels)
        for image in 0..<shape[0] {
            for row in rows.taps {
                let line = (image * height + row.first) * width
                for column in columns.taps {
                    let start = (line + column.first) * channels
                    places += start..<(start + channels)
                }
            }
        }
        return places
    }

    private static func scaledAndTranslated(_ call: Call) throws -> [GraphValue] {
        let (tensor, size) = (try call.tensor(0), try call.ints(1))
        let (scale, shift) = (try call.floats(2), try call.floats(3))
        guard tensor.shape.count == 4, size.count == 2, scale.count == 2, shift.count == 2, tensor.count > 0,
            size[0] > 0, size[1] > 0, scale.allSatisfy({ $0 > 0 && $0.isFinite }), shift.allSatisfy(\.isFinite)
        else { throw call.badInput("It resizes a batch of images, none of them empty.") }
        let shape = [tensor.shape[0], size[0], size[1], tensor.shape[3]]
        try call.check(shape, .float)
        let name = try call.attribute(text: "kernel_type")
        guard let kernel = Resampling.Kernel(rawValue: name.isEmpty ? "lanczos3" : name) else {
            throw call.unsupported("The resampling kernel \(name) is not computed here.")
        }
        let antialias = try call.node.attribute("antialias")?.flag ?? true
        let axes = (0..<2).map {
            kernel.axis(
                from: tensor.shape[1 + $0], to: size[$0], scale: scale[$0], shift: shift[$0], antialias: antialias)
        }
        return try resampled(call, tensor, shape, (axes[0], axes[1]))
    }
}
