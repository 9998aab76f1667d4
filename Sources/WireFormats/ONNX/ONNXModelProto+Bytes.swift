package import Foundation
import SwiftProtobuf

extension ONNXModelProto {
    /// Reads a model file's bytes.
    ///
    /// - Throws: when they are not protocol-buffer messages of this shape.
    package init(bytes: UnsafeRawBufferPointer) throws {
        try self.init(serializedBytes: Array(bytes))
    }

    /// The model file's bytes.
    package func bytes() throws -> [UInt8] {
        try serializedBytes()
    }
}

extension ONNXTensorProto {
    /// A tensor of 32-bit floats.
    package init(name: String, dims: [Int], floats: [Float]) {
        // Every platform Lightbox builds for is little-endian, as the format's raw data is.
        self.init(name: name, dims: dims, type: .float, rawData: floats.withUnsafeBytes { Data($0) })
    }

    /// A tensor of 64-bit integers: shapes, axes, pads.
    package init(name: String, integers: [Int]) {
        let data = integers.map { Int64($0) }.withUnsafeBytes { Data($0) }
        self.init(name: name, dims: [integers.count], type: .int64, rawData: data)
    }

    package init(name: String, dims: [Int], type: DataType, rawData: Data) {
        self.init()
        self.name = name
        self.dims = dims.map { Int64($0) }
        self.dataType = Int32(type.rawValue)
        self.rawData = rawData
    }
}

extension ONNXAttributeProto {
    package init(_ name: String, _ value: Int) {
        self.init()
        self.name = name
        self.i = Int64(value)
        self.type = .int
    }

    package init(_ name: String, _ value: Float) {
        self.init()
        self.name = name
        self.f = value
        self.type = .float
    }

    package init(_ name: String, _ values: [Int]) {
        self.init()
        self.name = name
        self.ints = values.map { Int64($0) }
        self.type = .ints
    }
}

extension ONNXNodeProto {
    package init(
        _ operation: String, name: String, inputs: [String], outputs: [String],
        attributes: [ONNXAttributeProto] = []
    ) {
        self.init()
        self.opType = operation
        self.name = name
        self.input = inputs
        self.output = outputs
        self.attribute = attributes
    }
}

extension ONNXValueInfoProto {
    /// A tensor of 32-bit floats; `nil` is a size known only at run time: the number of images.
    package init(name: String, shape: [Int?]) {
        self.init()
        self.name = name
        self.type.tensorType.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
        self.type.tensorType.shape.dim = shape.map { size in
            var dimension = ONNXTensorShapeProto.Dimension()
            if let size { dimension.dimValue = Int64(size) } else { dimension.dimParam = "N" }
            return dimension
        }
    }
}
