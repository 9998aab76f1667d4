/// Bytes of a part of an HDF5 file, little-endian.
struct HDF5Builder {
    var bytes: [UInt8] = []

    init() {}
    init(zeros count: Int) { bytes = Array(repeating: 0, count: count) }
    init(_ signature: String) { bytes = Array(signature.utf8) }

    mutating func number(_ value: Int, bytes count: Int = 8) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    mutating func undefinedAddress() { number(-1) }

    /// Fills up to a multiple of eight.
    mutating func align() { bytes += Array(repeating: 0, count: (8 - bytes.count % 8) % 8) }

    /// Section III.C, symbol table entry; the root's keeps where its tree and its heap are.
    mutating func symbol(name: Int, header: Int, tree: Int? = nil, heap: Int? = nil) {
        number(name)
        number(header)
        number(tree == nil ? 0 : 1, bytes: 8)
        number(tree ?? 0)
        number(heap ?? 0)
    }

    // MARK: Headers of objects (section IV.A.1.a)

    /// One message: type, size, flags, content.
    mutating func message(_ type: Int, _ content: (inout HDF5Builder) -> Void) {
        var part = HDF5Builder()
        content(&part)
        part.align()
        precondition(part.bytes.count <= 0xfff8, "a message has at most 65,528 bytes")
        number(type, bytes: 2)
        number(part.bytes.count, bytes: 2)
        number(0, bytes: 4)
        bytes += part.bytes
    }

    static func header(messages: HDF5Builder, count: Int) -> HDF5Builder {
        var block = HDF5Builder()
        block.number(1, bytes: 2)
        block.number(count, bytes: 2)
        block.number(1, bytes: 4)
        block.number(messages.bytes.count, bytes: 8)
        block.bytes += messages.bytes
        return block
    }

    // MARK: Shapes and types (sections IV.A.2.b and IV.A.2.d)

    /// Empty for a single value.
    mutating func space(_ shape: [Int]) {
        bytes += [1, UInt8(shape.count)]
        number(0, bytes: 6)
        for size in shape { number(size) }
    }

    /// IEEE 754, 4 bytes: places and sizes of sign, exponent and mantissa, and the bias.
    mutating func floatType() {
        bytes += [0x11, 0x20, 31, 0]
        number(4, bytes: 4)
        number(0, bytes: 2)
        number(32, bytes: 2)
        bytes += [23, 8, 0, 23]
        number(127, bytes: 4)
    }

    /// A text of so many bytes, filled up with zeros.
    mutating func textType(width: Int) {
        bytes += [0x13, 0x01, 0, 0]
        number(width, bytes: 4)
    }

    /// A text of any length in UTF-8: a list of single bytes.
    mutating func variableTextType() {
        bytes += [0x19, 0x01, 0x01, 0]
        number(16, bytes: 4)
        bytes += [0x10, 0, 0, 0]
        number(1, bytes: 4)
        number(0, bytes: 2)
        number(8, bytes: 2)
    }
}
