/// The shape of an array or attribute (section IV.A.2.b).
struct HDF5Space: Sendable {
    /// Empty for a single value.
    let shape: [Int]
    let count: Int

    init(_ message: HDF5Bytes) throws {
        let version = try message.number(0, 1)
        let rank = try message.number(1, 1)
        guard (1...2).contains(version), rank <= 32 else { throw HDF5Error.unsupported("a shape is not read") }
        let isNone = version == 2 ? try message.number(3, 1) == 2 : false
        var shape: [Int] = []
        var count = isNone ? 0 : 1
        for index in 0..<rank {
            let size = try message.size((version == 1 ? 8 : 4) + index * 8)
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, size <= Int(Int32.max) else { throw HDF5Error.limit("an array is too large") }
            shape.append(size)
            count = product
        }
        self.shape = shape
        self.count = count
    }
}

/// The type of an array's elements (section IV.A.2.d).
enum HDF5Type: Sendable, Equatable {
    /// IEEE 754 of 2, 4 or 8 bytes.
    case float(width: Int, isBigEndian: Bool)
    case text(width: Int)
    case variableText
    case other

    /// Bytes of one element; of a text of any length, its place.
    var width: Int {
        switch self {
        case .float(let width, _), .text(let width): width
        case .variableText: 16
        case .other: 0
        }
    }

    init(_ message: HDF5Bytes) throws {
        let (kind, flags, width) = (
            try message.number(0, 1) & 0x0f, try message.number(1, 1), try message.number(4, 4)
        )
        switch kind {
        case 1:
            // Place and size of exponent and mantissa, and the bias.
            let layout = try (12...15).map { try message.number($0, 1) } + [message.number(16, 4)]
            let known = [
                2: [10, 5, 0, 10, 15], 4: [23, 8, 0, 23, 127], 8: [52, 11, 0, 52, 1023],
            ]
            self = known[width] == layout ? .float(width: width, isBigEndian: flags & 1 != 0) : .other
        case 3:
            self = width > 0 ? .text(width: width) : .other
        case 9:
            self = flags & 0x0f == 1 && width == 16 ? .variableText : .other
        default:
            self = .other
        }
    }
}
