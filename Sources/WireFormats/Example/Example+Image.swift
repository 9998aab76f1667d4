package import LightboxCore

extension Example {
    /// The features that say who an image is, in the order in which a key lists them.
    package static let keyNames = ["study", "series", "instance", "frame", "path", "key", "image_uri"]

    /// Who the image is; features that are missing or empty are left out.
    package var imageKey: InstanceKey {
        InstanceKey(
            fields: Self.keyNames.compactMap { name in
                text(name).flatMap { $0.isEmpty ? nil : InstanceKey.Field(name, $0) }
            })
    }

    /// The feature that holds the picture: one of the usual names, else the first that ends in `_bytes` or
    /// `encoded`; nil when there is none.
    package var imageFeatureName: String? {
        let known = ["png_bytes", "jpg_bytes", "jpeg_bytes", "image_bytes", "raw_bytes", "image/encoded"]
        if let name = known.first(where: { features[$0] != nil }) { return name }
        return features.keys.filter { $0.hasSuffix("_bytes") || $0.hasSuffix("encoded") }.min()
    }

    /// The picture of a `raw_bytes` feature, whose size stands in `height`, `width` and `channels`; nil when
    /// these do not fit the bytes.
    package var rawImage: Image? {
        let size = ["height", "width", "channels"].map { Int(ints($0)?.first ?? 0) }
        let (height, width, channels) = (size[0], size[1], size[2])
        guard let bytes = bytes("raw_bytes"), [1, 3].contains(channels), (1...65536).contains(height),
            (1...65536).contains(width), bytes.count == height * width * channels
        else { return nil }
        return Image(width: width, height: height, channels: channels, samples: .uint8(bytes.array))
    }
}
