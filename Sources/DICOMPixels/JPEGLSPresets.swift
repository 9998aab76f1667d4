import LightboxCore

/// Writes the default coding parameters of JPEG-LS into a stream that leaves them out.
///
/// DCMTK's decoder computes them wrongly below 8 bits; with the parameters in the stream it does not have to.
enum JPEGLSPresets {
    /// The stream with a preset segment behind its frame header, unless it has one already.
    static func inserted(into stream: Bytes, precision: Int) -> Bytes {
        var bytes = stream.array
        var position = 2
        var frameEnd: Int?
        while position + 4 <= bytes.count, bytes[position] == 0xff {
            let end = position + 2 + (Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
            switch bytes[position + 1] {
            case 0xf8: return stream
            case 0xf7: frameEnd = end
            case 0xda:
                // NEAR stands third from the segment's end.
                guard let frameEnd, end <= bytes.count, end - 3 > position else { return stream }
                let segment = segment(maximum: 1 << precision - 1, near: Int(bytes[end - 3]))
                bytes.insert(contentsOf: segment, at: frameEnd)
                return Bytes(bytes)
            default: break
            }
            position = end
        }
        return stream
    }

    /// MAXVAL, T1, T2, T3 and RESET by ISO/IEC 14495-1 C.2.4.1.1.1, for MAXVAL below 128.
    private static func segment(maximum: Int, near: Int) -> [UInt8] {
        let factor = 256 / (maximum + 1)
        func clamped(_ value: Int, least: Int) -> Int { value > maximum || value < least ? least : value }
        let first = clamped(max(2, 3 / factor + 3 * near), least: near + 1)
        let second = clamped(max(3, 7 / factor + 5 * near), least: first)
        let third = clamped(max(4, 21 / factor + 7 * near), least: second)
        let numbers = [maximum, first, second, third, 64]
        let bytes = numbers.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        return [0xff, 0xf8, 0, 13, 1] + bytes
    }
}
