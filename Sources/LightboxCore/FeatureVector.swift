/// What a network says of one image, under the image's key.
public struct FeatureVector: Sendable, Hashable {
    public let key: InstanceKey
    /// As many numbers as the network has features (Xception: 2048).
    public let values: [Float]

    public init(key: InstanceKey, values: [Float]) {
        self.key = key
        self.values = values
    }
}
