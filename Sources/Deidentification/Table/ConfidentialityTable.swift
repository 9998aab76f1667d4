import DICOM

/// What the basic profile does with an attribute (PS3.15 table E.1-1a). Where several letters stand, the
/// attribute's type in its IOD decides.
enum BasicAction: String {
    /// D: a value that says nothing.
    case dummy = "D"
    /// Z: an empty value.
    case empty = "Z"
    /// X: nothing is left.
    case remove = "X"
    /// U: another UID, the same wherever the old one stood.
    case uid = "U"
    case emptyOrDummy = "Z/D"
    case removeOrEmpty = "X/Z"
    case removeOrDummy = "X/D"
    case removeEmptyOrDummy = "X/Z/D"
    case removeEmptyOrUIDs = "X/Z/U*"
}

/// Table E.1-1 of PS3.15.
enum ConfidentialityTable {
    struct Row {
        /// With zeros for the digits left open.
        let tag: UInt32
        /// Ones where a digit is given; all ones for a single attribute.
        let mask: UInt32
        let action: BasicAction
        /// Letters of the options that keep (upper case) or clean (lower case) the attribute.
        let options: [UInt8]
    }

    static let rows: [Row] = {
        let text = UnsafeBufferPointer(
            start: confidentialityText.utf8Start, count: confidentialityText.utf8CodeUnitCount)
        return text.split(separator: UInt8(ascii: "\n")).map { line in
            let fields = line.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
            let (tag, mask) = TagPattern.parse(fields[0])!
            return Row(
                tag: tag, mask: mask, action: BasicAction(rawValue: String(decoding: fields[1], as: UTF8.self))!,
                options: Array(fields[2]))
        }
    }()
}

/// Eight hexadecimal digits, some of them left open: `60xx3000`.
enum TagPattern {
    static func parse(_ digits: some Sequence<UInt8>) -> (tag: UInt32, mask: UInt32)? {
        var (tag, mask, count): (UInt32, UInt32, Int) = (0, 0, 0)
        for digit in digits {
            count += 1
            let value: UInt32? =
                switch digit {
                case 0x30...0x39: UInt32(digit - 0x30)
                case 0x41...0x46: UInt32(digit - 0x37)
                case 0x61...0x66: UInt32(digit - 0x57)
                case 0x58, 0x78: nil
                default: .max
                }
            guard value != .max else { return nil }
            tag = tag << 4 | (value ?? 0)
            mask = mask << 4 | (value == nil ? 0 : 0xf)
        }
        return count == 8 ? (tag, mask) : nil
    }
}
