import WireFormats

/// The feature of a bottleneck record that holds the vector.
enum VectorFeature {
    static let names = ["embedding", "feature_vector", "features", "bottleneck"]

    static func values(of example: Example) -> [Float]? {
        for name in names { if let values = example.floats(name) { return values } }
        return nil
    }
}
