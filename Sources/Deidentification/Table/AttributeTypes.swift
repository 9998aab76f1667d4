import DICOM

/// Which type an attribute has in an IOD, as far as an action of the profile asks for it (PS3.3).
enum AttributeType: UInt8 {
    /// 1 and 1C: a value is needed.
    case valued = 0x31
    /// 2 and 2C: the attribute is needed, and may be empty.
    case present = 0x32
    case optional = 0x33
    /// Not an attribute of this IOD.
    case absent = 0x2d
}

enum AttributeTypes {
    /// The types at the top of a data set of one SOP class, in the order of ``columns``.
    typealias Line = [AttributeType]

    /// Where an attribute stands in a line.
    static let columns: [UInt32: Int] = {
        let text = bytes(of: typedAttributeText)
        let tags = text.split(separator: UInt8(ascii: " ")).compactMap { TagPattern.parse($0)?.tag }
        return Dictionary(uniqueKeysWithValues: tags.enumerated().map { ($1, $0) })
    }()

    /// nil for a SOP class whose IOD is not known.
    static func line(ofSOPClass uid: String) -> Line? { lines[uid] }

    /// The strictest type of an attribute in the items of a sequence; nil when no IOD is known to have it there.
    static func type(of tag: Tag, in sequence: Tag) -> AttributeType? {
        nested[UInt64(sequence.number) << 32 | UInt64(tag.number)]
    }

    private static let lines: [String: Line] = Dictionary(
        uniqueKeysWithValues: fields(of: sopClassTypeText).map { fields in
            (String(decoding: fields[0], as: UTF8.self), fields[1].map { AttributeType(rawValue: $0)! })
        })

    private static let nested: [UInt64: AttributeType] = Dictionary(
        uniqueKeysWithValues: fields(of: nestedTypeText).map { fields in
            let (sequence, tag) = (TagPattern.parse(fields[0])!.tag, TagPattern.parse(fields[1])!.tag)
            return (UInt64(sequence) << 32 | UInt64(tag), AttributeType(rawValue: fields[2].first!)!)
        })

    private static func bytes(of text: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private static func fields(of text: StaticString) -> [[Slice<UnsafeBufferPointer<UInt8>>]] {
        bytes(of: text).split(separator: UInt8(ascii: "\n")).map { $0.split(separator: UInt8(ascii: "|")) }
    }
}
