import DICOM
import LightboxCore

/// Who reserved which private block of one data set, and which of the blocks are still in use.
struct PrivateBlocks {
    private var creators: [UInt32: Element] = [:]
    private var names: [UInt32: String] = [:]
    private var used: Set<UInt32> = []

    init(_ dataSet: DataSet) {
        for element in dataSet.elements where element.tag.isPrivateCreator {
            let block = UInt32(element.tag.group) << 8 | UInt32(element.tag.element)
            creators[block] = element
            if case .bytes = element.value, element.vr.isText {
                names[block] = dataSet.string(element.tag)
            } else if let bytes = dataSet.bytes(element.tag) {
                names[block] = String(decoding: bytes.array.filter { $0 > 0x20 || $0 == 0x20 }, as: UTF8.self)
            }
        }
    }

    private static func block(of tag: Tag) -> UInt32 { UInt32(tag.group) << 8 | UInt32(tag.element >> 8) }

    func creator(of tag: Tag) -> String? { names[Self.block(of: tag)] }

    mutating func use(_ tag: Tag) { used.insert(Self.block(of: tag)) }

    var creatorsInUse: [Element] {
        used.sorted().compactMap { block in names[block].flatMap { _ in creators[block] } }
    }
}
