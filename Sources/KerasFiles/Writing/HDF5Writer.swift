import LightboxCore
import WireFormats

/// Writes an HDF5 file in its first layout (HDF5 File Format Specification 3.0, superblock 0), which every
/// version of the library reads: groups with symbol tables, arrays of Float32 in one piece.
struct HDF5Writer {
    private let file: PendingFile
    /// Where the next byte goes.
    private(set) var position = 0
    /// Where the text of an attribute lies in the heap that all share.
    private var texts: [String: Int] = [:]
    private var textHeap = 0

    /// Names in one leaf of a group's tree, and children of one node (section II.A: twice the "K" values).
    static let leafCapacity = 8
    static let nodeCapacity = 32

    /// Writes a file with that root group; it appears whole or not at all.
    static func write(_ root: HDF5Content, to path: String) throws {
        var writer = try HDF5Writer(path: path)
        try writer.writeTexts(Array(Set(root.allTexts)).sorted())
        let group = try writer.write(root)
        try writer.finish(root: group)
    }

    private init(path: String) throws {
        file = try PendingFile(path: path)
        try append(HDF5Builder(zeros: 96))
    }

    /// Appends and says where; addresses are multiples of eight.
    @discardableResult
    mutating func append(_ block: HDF5Builder) throws -> Int {
        let start = position
        var block = block
        block.align()
        try block.bytes.withUnsafeBytes { try file.write($0) }
        position += block.bytes.count
        return start
    }

    /// Section II.A: where the root group is and where the file ends.
    private func finish(root: (header: Int, tree: Int, heap: Int)) throws {
        var block = HDF5Builder()
        block.bytes = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        // Five versions and reserved bytes, with the widths of addresses and lengths among them.
        block.bytes += [0, 0, 0, 0, 0, 8, 8, 0]
        block.number(HDF5Writer.leafCapacity / 2, bytes: 2)
        block.number(HDF5Writer.nodeCapacity / 2, bytes: 2)
        block.number(0, bytes: 4)
        block.number(0)
        block.undefinedAddress()
        block.number(position)
        block.undefinedAddress()
        block.symbol(name: 0, header: root.header, tree: root.tree, heap: root.heap)
        try file.overwrite(block.bytes, at: 0)
        try file.commit()
    }

    // MARK: Texts of any length (section III.E)

    private mutating func writeTexts(_ list: [String]) throws {
        var block = HDF5Builder()
        for (index, text) in list.enumerated() {
            texts[text] = index + 1
            block.number(index + 1, bytes: 2)
            block.number(1, bytes: 2)
            block.number(0, bytes: 4)
            block.number(text.utf8.count)
            block.bytes += text.utf8
            block.align()
        }
        precondition(list.count < 0xffff, "too many texts")
        let used = 16 + block.bytes.count
        // A heap has at least 4,096 bytes; what is free counts its own header.
        let size = max(4_096, (used + 16 + 7) / 8 * 8)
        var heap = HDF5Builder("GCOL")
        heap.number(1, bytes: 4)
        heap.number(size)
        heap.bytes += block.bytes
        heap.number(0)
        heap.number(size - used)
        heap.bytes += Array(repeating: 0, count: size - heap.bytes.count)
        textHeap = try append(heap)
    }

    // MARK: Objects

    private mutating func write(_ group: HDF5Content) throws -> (header: Int, tree: Int, heap: Int) {
        var members: [(name: String, header: Int)] = []
        for (name, member) in group.sorted {
            switch member {
            case .group(let inner): members.append((name, try write(inner).header))
            case .array(let array): members.append((name, try write(array)))
            }
        }
        let (tree, heap) = try writeSymbols(members)
        var header = HDF5Builder()
        // Section IV.A.2.r, symbol table.
        header.message(0x11) {
            $0.number(tree)
            $0.number(heap)
        }
        var count = 1
        for (name, value) in group.attributes {
            header.message(0x0c) { attribute(&$0, name, value) }
            count += 1
        }
        return (try append(.header(messages: header, count: count)), tree, heap)
    }

    private mutating func write(_ array: NDArray) throws -> Int {
        let start = position
        try array.values.withUnsafeBytes { try file.write($0) }
        position += array.values.count * 4
        try pad()
        var header = HDF5Builder()
        header.message(0x01) { $0.space(array.shape) }
        header.message(0x03) { $0.floatType() }
        // Section IV.A.2.f, fill value: none.
        header.message(0x05) { $0.bytes += [2, 2, 2, 0] }
        // Section IV.A.2.i, layout: version 3, in one piece.
        header.message(0x08) {
            $0.bytes += [3, 1]
            $0.number(start)
            $0.number(array.values.count * 4)
        }
        return try append(.header(messages: header, count: 4))
    }

    private mutating func pad() throws {
        let rest = (8 - position % 8) % 8
        if rest > 0 { try append(HDF5Builder(zeros: rest)) }
    }

    /// Section IV.A.2.m: sizes, then name, type, shape and value, each filled up to eight bytes.
    private func attribute(_ block: inout HDF5Builder, _ name: String, _ value: HDF5Content.Attribute) {
        var (type, space, data) = (HDF5Builder(), HDF5Builder(), HDF5Builder())
        switch value {
        case .text(let text):
            type.variableTextType()
            space.space([])
            data.number(text.utf8.count, bytes: 4)
            data.number(textHeap)
            data.number(texts[text] ?? 0, bytes: 4)
        case .texts(let list):
            let width = max(1, list.map(\.utf8.count).max() ?? 0)
            type.textType(width: width)
            space.space([list.count])
            for text in list {
                data.bytes += text.utf8
                data.bytes += Array(repeating: 0, count: width - text.utf8.count)
            }
        }
        block.number(1, bytes: 2)
        block.number(name.utf8.count + 1, bytes: 2)
        block.number(type.bytes.count, bytes: 2)
        block.number(space.bytes.count, bytes: 2)
        var text = HDF5Builder()
        text.bytes = Array(name.utf8) + [0]
        for var part in [text, type, space] {
            part.align()
            block.bytes += part.bytes
        }
        block.bytes += data.bytes
    }
}
