import LightboxCore

/// An array of numbers inside an HDF5 file.
struct HDF5Array: Sendable {
    let path: String
    let bytes: HDF5Bytes
    let limits: HDF5Limits
    let space: HDF5Space
    let type: HDF5Type
    private let header: HDF5Header

    init(header: HDF5Header, path: String, bytes: HDF5Bytes, limits: HDF5Limits) throws {
        guard let space = header.first(HDF5Header.Kind.dataspace),
            let type = header.first(HDF5Header.Kind.datatype)
        else { throw HDF5Error.damaged("\(path) is not an array") }
        self.space = try HDF5Space(space)
        self.type = try HDF5Type(type)
        self.header = header
        self.path = path
        self.bytes = bytes
        self.limits = limits
    }

    /// Keras also stores the integer state of random generators.
    var isFloat: Bool {
        if case .float = type { true } else { false }
    }

    /// The numbers as 32-bit floats, whatever their width in the file.
    ///
    /// - Parameter remaining: bytes that this file may still fill; what is read is taken off.
    func read(remaining: inout Int) throws -> NDArray {
        guard case .float(let width, let isBigEndian) = type else {
            throw HDF5Error.unsupported("\(path) does not hold floating-point numbers")
        }
        guard header.first(HDF5Header.Kind.externalFiles) == nil else {
            throw HDF5Error.unsupported("\(path) lies in another file")
        }
        guard space.count <= remaining / 8 else { throw HDF5Error.limit("\(path) is too large") }
        remaining -= space.count * 4
        if space.count == 0 { return NDArray(shape: space.shape, values: []) }
        let raw = try content(byteCount: space.count * width)
        let values = raw.bytes.withUnsafeBytes { floats($0, width: width, isBigEndian: isBigEndian) }
        return NDArray(shape: space.shape, values: values)
    }

    /// The elements' bytes, from any layout (section IV.A.2.i).
    private func content(byteCount: Int) throws -> HDF5Bytes {
        guard let layout = header.first(HDF5Header.Kind.layout) else {
            throw HDF5Error.damaged("\(path) has no place")
        }
        let version = try layout.number(0, 1)
        guard version == 3 || version == 4 else {
            throw HDF5Error.unsupported("the layout of \(path) is not read")
        }
        switch try layout.number(1, 1) {
        case 0:
            return try layout.slice(4, byteCount)
        case 1:
            let address = try layout.size(2)
            guard address != undefinedAddress else { throw HDF5Error.damaged("\(path) was never written") }
            return try bytes.slice(address, byteCount)
        case 2 where version == 3:
            return try HDF5Chunks(layout, header.first(HDF5Header.Kind.filters), array: self)
                .content(byteCount: byteCount)
        default:
            throw HDF5Error.unsupported("the layout of \(path) is not read: save without libver='latest'")
        }
    }

    private func floats(_ raw: UnsafeRawBufferPointer, width: Int, isBigEndian: Bool) -> [Float] {
        [Float](unsafeUninitializedCapacity: space.count) { buffer, filled in
            filled = space.count
            if width == 4, !isBigEndian {
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: raw)
                return
            }
            for index in 0..<filled {
                switch width {
                case 2: buffer[index] = half(number(UInt16.self))
                case 4: buffer[index] = Float(bitPattern: number(UInt32.self))
                default: buffer[index] = Float(Double(bitPattern: number(UInt64.self)))
                }
                func number<Number: FixedWidthInteger>(_: Number.Type) -> Number {
                    let value = raw.loadUnaligned(fromByteOffset: index * width, as: Number.self)
                    return isBigEndian ? value.byteSwapped : value
                }
            }
        }
    }

    /// `Float16` is missing on some platforms this builds for.
    private func half(_ bits: UInt16) -> Float {
        let (exponent, fraction) = (Int(bits >> 10 & 0x1f), UInt32(bits & 0x3ff))
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        switch exponent {
        case 0: return sign * Float(fraction) * 0x1p-24
        case 0x1f: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(bitPattern: UInt32(exponent + 112) << 23 | fraction << 13)
        }
    }
}
