import DICOM

/// Private attributes that the standard calls safe (PS3.15 E.3.10), and those that a data set calls so itself.
struct SafePrivate {
    /// Creator and group to low bytes.
    private struct Block: Hashable {
        let creator: String
        let group: UInt16
    }

    private static let standard: [Block: Set<UInt8>] = {
        let text = UnsafeBufferPointer(start: safePrivateText.utf8Start, count: safePrivateText.utf8CodeUnitCount)
        let lines = text.split(separator: UInt8(ascii: "\n")).map { line in
            let fields = line.split(separator: UInt8(ascii: "|"))
            let parts = fields[1].split(separator: UInt8(ascii: ":"))
            let elements = parts[1].split(separator: UInt8(ascii: " ")).map { UInt8(hexadecimal($0)) }
            let block = Block(
                creator: String(decoding: fields[0], as: UTF8.self), group: UInt16(hexadecimal(parts[0])))
            return (block, Set(elements))
        }
        return Dictionary(uniqueKeysWithValues: lines)
    }()

    private static func hexadecimal(_ digits: some Sequence<UInt8>) -> Int {
        Int(String(decoding: Array(digits), as: UTF8.self), radix: 16)!
    }

    /// Blocks that Private Data Element Characteristics Sequence calls safe (PS3.3 C.12.1.1.7); nil elements mean
    /// the whole block.
    private var declared: [Block: Set<UInt8>?] = [:]

    init(_ dataSet: DataSet) {
        for item in dataSet.items(Tag(0x0008, 0x0300)) {
            guard let group = item.int(Tag(0x0008, 0x0301)).flatMap(UInt16.init(exactly:)),
                let creator = item.string(Tag(0x0008, 0x0302)), let status = item.string(Tag(0x0008, 0x0303))
            else { continue }
            switch status {
            case "SAFE": declared[Block(creator: creator, group: group)] = .some(nil)
            case "MIXED":
                let elements = item.ints(Tag(0x0008, 0x0304)).compactMap { UInt8(exactly: $0 & 0xff) }
                declared[Block(creator: creator, group: group)] = Set(elements)
            default: break
            }
        }
    }

    /// - Parameter creator: who reserved the block that `tag` stands in.
    func contains(_ tag: Tag, of creator: String) -> Bool {
        let block = Block(creator: creator, group: tag.group)
        let element = UInt8(tag.element & 0xff)
        if let own = declared[block] { return own?.contains(element) ?? true }
        return Self.standard[block]?.contains(element) ?? false
    }
}
