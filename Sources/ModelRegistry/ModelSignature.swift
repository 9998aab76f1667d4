/// What goes into a model and what comes out.
public struct ModelSignature: Sendable, Codable, Hashable {
    /// One named array.
    public struct Port: Sendable, Codable, Hashable {
        public var name: String
        /// `float32`, `uint8`, `int64`, `string`…
        public var type: String
        /// null in the file, nil here: any length, such as the number of images.
        public var shape: [Int?]

        public init(name: String, type: String = "float32", shape: [Int?]) {
            self.name = name
            self.type = type
            self.shape = shape
        }
    }

    public var inputs: [Port]
    public var outputs: [Port]

    public init(inputs: [Port] = [], outputs: [Port] = []) {
        self.inputs = inputs
        self.outputs = outputs
    }
}
