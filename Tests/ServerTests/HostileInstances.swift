import DICOM
import LightboxCore

/// Instances as nobody honest writes them, as files' bytes.
enum HostileInstances {
    static func dataSet(_ uid: String, _ more: [Element] = []) -> DataSet {
        DataSet(
            [
                .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7"), .text(.studyInstanceUID, "1.2.1"),
                .text(.seriesInstanceUID, "1.3.1"), .text(.sopInstanceUID, uid), .text(.patientID, "P1"),
                .text(.patientName, "Doe^Jane"), .text(.modality, "DX"), .text(.studyDate, "20240131"),
            ] + more)
    }

    static func pixels(_ rows: Int, _ columns: Int, _ data: Element) -> [Element] {
        [
            .int(.rows, rows), .int(.columns, columns), .int(.samplesPerPixel, 1), .int(.bitsAllocated, 8),
            .text(.photometricInterpretation, "MONOCHROME2"), .int(.bitsStored, 8), .int(.highBit, 7),
            .int(.pixelRepresentation, 0), data,
        ]
    }

    static func plain(_ uid: String, pixels count: Int = 16, preamble: [UInt8] = []) throws -> [UInt8] {
        let data = Element.bytes(.pixelData, (0..<count).map { UInt8(truncatingIfNeeded: $0) }, vr: .OW)
        let columns = min(count / 4, 600)
        var bytes = try DICOMFile(dataSet: dataSet(uid, pixels(count / columns, columns, data))).serialized()
        bytes.replaceSubrange(0..<preamble.count, with: preamble)
        return bytes
    }

    /// 65,535 × 65,535 pixels, of which a few bytes are there.
    static func vast(_ uid: String, as syntax: TransferSyntax) throws -> [UInt8] {
        let frame: [UInt8] =
            switch syntax {
            case .rleLossless: [1, 0, 0, 0, 64, 0, 0, 0] + [UInt8](repeating: 0, count: 56) + [0x81, 0]
            default:
                [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0]
                    + [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0, 0, 0xff, 0xd9, 0]
            }
        let data =
            syntax.isEncapsulated
            ? Element(.pixelData, .OB, .fragments(offsetTable: .empty, [Bytes(frame)]))
            : Element.bytes(.pixelData, [1, 2, 3, 4], vr: .OW)
        return try DICOMFile(dataSet: dataSet(uid, pixels(65535, 65535, data)), transferSyntax: syntax)
            .serialized(as: syntax)
    }

    /// A deflated file of some 4 MB whose pixel data inflate to 640 MB.
    static func bomb(_ uid: String) throws -> [UInt8] {
        let size = 640 << 20
        let syntax = TransferSyntax.deflatedExplicitVRLittleEndian
        let small = try DICOMFile(dataSet: dataSet(uid), transferSyntax: syntax).serialized(as: syntax)
        let packed = try dataSet(uid).serialized(as: syntax)
        let count = UInt32(size)
        let plain =
            try dataSet(uid).serialized(as: .explicitVRLittleEndian) + [0xe0, 0x7f, 0x10, 0, 0x4f, 0x57, 0, 0]
            + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        // RFC 1951: a stored block, then a zero and copies of 258 zeros in the fixed code, 13 bits each.
        let length = UInt16(plain.count)
        var bits = BitWriter()
        bits.bytes = [0] + [length, ~length].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] } + plain
        bits.write(0b011, 3)
        bits.write(0b0000_1100, 8)
        for _ in 0..<(size - 1) / 258 { bits.write(0b0_0000_1010_0011, 13) }
        bits.write(0, 16)
        return small.dropLast(packed.count) + bits.bytes
    }

    /// Sequences within sequences, none of which ends.
    static func deep(_ uid: String, levels: Int) throws -> [UInt8] {
        let opening: [UInt8] =
            [0x40, 0, 0x30, 0xa7, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff]
            + [0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff]
        return try DICOMFile(dataSet: dataSet(uid)).serialized() + (0..<levels).flatMap { _ in opening }
    }
}

private struct BitWriter {
    var bytes: [UInt8] = []
    private var held: UInt64 = 0
    private var count = 0

    mutating func write(_ value: UInt64, _ bits: Int) {
        held |= value << count
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
            count -= 8
        }
    }
}
