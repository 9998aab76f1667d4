import Foundation
import LightboxCore

/// Elements from Swift values. Where no VR is given the dictionary's is taken; values are padded to even
/// length.
extension Element {
    /// A textual attribute, stored as UTF-8 where its VR has character sets at all. A data set with other than ASCII texts has to say so by
    /// `.text(.specificCharacterSet, "ISO_IR 192")`.
    ///
    /// - Parameter vr: the dictionary's when nil, and LO for a private tag.
    public static func text(_ tag: Tag, _ values: String..., vr: VR? = nil) -> Element {
        text(tag, values, vr: vr)
    }

    public static func text(_ tag: Tag, _ values: [String], vr: VR? = nil) -> Element {
        let vr = vr ?? usualVR(tag, or: .LO)
        let text = values.joined(separator: "\\")
        // What is beyond Latin-1 has no place in a VR without character sets.
        let bytes =
            vr.hasCharacterSet ? Array(text.utf8) : text.unicodeScalars.map { UInt8(exactly: $0.value) ?? 0x3f }
        return padded(tag, vr, bytes)
    }

    /// Integers in the tag's own VR, whether binary or text (IS, DS).
    ///
    /// - Precondition: each value fits the VR.
    public static func int(_ tag: Tag, _ values: Int..., vr: VR? = nil) -> Element {
        let vr = vr ?? usualVR(tag, or: .SL)
        return switch vr {
        case .US, .OW: words(tag, vr, values.map { UInt16($0) })
        case .SS: words(tag, vr, values.map { Int16($0) })
        case .UL, .OL: words(tag, vr, values.map { UInt32($0) })
        case .SL: words(tag, vr, values.map { Int32($0) })
        case .UV, .OV: words(tag, vr, values.map { UInt64($0) })
        case .SV: words(tag, vr, values.map { Int64($0) })
        case .FL, .FD: doubles(tag, vr, values.map(Double.init))
        default: text(tag, values.map(\.description), vr: vr)
        }
    }

    /// Numbers in the tag's own VR: FL, FD, or text (DS) of at most 16 characters.
    public static func double(_ tag: Tag, _ values: Double..., vr: VR? = nil) -> Element {
        doubles(tag, vr ?? usualVR(tag, or: .FD), values)
    }

    public static func uint16(_ tag: Tag, _ values: UInt16..., vr: VR = .US) -> Element { words(tag, vr, values) }
    public static func int16(_ tag: Tag, _ values: Int16..., vr: VR = .SS) -> Element { words(tag, vr, values) }
    public static func uint32(_ tag: Tag, _ values: UInt32..., vr: VR = .UL) -> Element { words(tag, vr, values) }
    public static func int32(_ tag: Tag, _ values: Int32..., vr: VR = .SL) -> Element { words(tag, vr, values) }
    public static func float(_ tag: Tag, _ values: Float..., vr: VR = .FL) -> Element {
        words(tag, vr, values.map(\.bitPattern))
    }

    /// Tags as values (VR AT).
    public static func tags(_ tag: Tag, _ values: Tag...) -> Element {
        words(tag, .AT, values.flatMap { [$0.group, $0.element] })
    }

    /// Words in one value, as pixel data and lookup tables have them.
    public static func words<Word: FixedWidthInteger>(_ tag: Tag, _ vr: VR, _ values: [Word]) -> Element {
        let bytes = values.map(\.littleEndian).withUnsafeBytes { Array($0) }
        return padded(tag, vr, bytes)
    }

    /// Bytes as they are, in little-endian order.
    ///
    /// - Parameter vr: the dictionary's when nil, and UN for a private tag.
    public static func bytes(_ tag: Tag, _ bytes: [UInt8], vr: VR? = nil) -> Element {
        padded(tag, vr ?? usualVR(tag, or: .UN), bytes)
    }

    public static func sequence(_ tag: Tag, _ items: [DataSet]) -> Element { Element(tag, .SQ, .sequence(items)) }

    private static func doubles(_ tag: Tag, _ vr: VR, _ values: [Double]) -> Element {
        switch vr {
        case .FL, .OF: words(tag, vr, values.map { Float($0).bitPattern })
        case .FD, .OD: words(tag, vr, values.map(\.bitPattern))
        default: text(tag, values.map(decimalString), vr: vr)
        }
    }

    private static func usualVR(_ tag: Tag, or other: VR) -> VR { DICOMDictionary.vr(of: tag) ?? other }

    private static func padded(_ tag: Tag, _ vr: VR, _ bytes: [UInt8]) -> Element {
        Element(tag, vr, .bytes(Bytes(bytes.count & 1 == 0 ? bytes : bytes + [vr.padding])))
    }
}

/// A number in at most 16 characters, as many digits kept as fit (DS, PS3.5 table 6.2-1).
func decimalString(_ value: Double) -> String {
    if let whole = Int(exactly: value), abs(whole) < 1_000_000_000_000_000 { return whole.description }
    let shortest = value.description
    if shortest.utf8.count <= 16 { return shortest }
    for digits in stride(from: 14, through: 1, by: -1) {
        let text = scientific(value, digits: digits)
        if text.utf8.count <= 16 { return text }
    }
    return "0"
}

/// The number in `%.*g` form, which needs no locale here as DICOM's point is the C locale's.
private func scientific(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)g", value)
}
