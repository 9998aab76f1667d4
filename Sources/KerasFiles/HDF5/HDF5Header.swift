/// The messages that describe one object: its members, shape, type, place, attributes (section IV.A).
struct HDF5Header: Sendable {
    struct Message: Sendable {
        var type: Int
        var data: HDF5Bytes
    }

    /// The kinds of message that are looked at (section IV.A.2).
    enum Kind {
        static let dataspace = 0x01
        static let linkInfo = 0x02
        static let datatype = 0x03
        static let link = 0x06
        static let externalFiles = 0x07
        static let layout = 0x08
        static let filters = 0x0b
        static let attribute = 0x0c
        static let continuation = 0x10
        static let symbolTable = 0x11
        static let attributeInfo = 0x15
    }

    private(set) var messages: [Message] = []

    /// Blocks of messages that one object may have.
    private static let maximumBlocks = 4_096
    private static let maximumMessages = 70_000

    init(in bytes: HDF5Bytes, at address: Int) throws {
        if try bytes.number(address, 1) == 1 {
            let length = try bytes.number(address + 8, 4)
            try readBlocks(bytes, first: bytes.slice(address + 16, length), readBlock: HDF5Header.readOldBlock)
        } else {
            try bytes.expect("OHDR", at: address)
            try readNew(bytes, at: address)
        }
    }

    func first(_ type: Int) -> HDF5Bytes? { messages.first { $0.type == type }?.data }
    func all(_ type: Int) -> [HDF5Bytes] { messages.filter { $0.type == type }.map(\.data) }

    /// Follows the continuations; each is a block of further messages.
    private mutating func readBlocks(
        _ bytes: HDF5Bytes, first: HDF5Bytes, readBlock: (HDF5Bytes) throws -> [Message],
        unwrap: (HDF5Bytes) throws -> HDF5Bytes = { $0 }
    ) throws {
        var waiting = [first]
        var blocks = 0
        while let block = waiting.popLast() {
            blocks += 1
            guard blocks <= HDF5Header.maximumBlocks, messages.count <= HDF5Header.maximumMessages else {
                throw HDF5Error.limit("an object has too many messages")
            }
            for message in try readBlock(block) {
                if message.type == Kind.continuation {
                    waiting.append(try unwrap(bytes.slice(message.data.size(0), message.data.size(8))))
                } else {
                    messages.append(message)
                }
            }
        }
    }

    /// Version 1: type, size, flags in eight bytes.
    private static func readOldBlock(_ block: HDF5Bytes) throws -> [Message] {
        var result: [Message] = []
        var position = 0
        while position + 8 <= block.count {
            let (type, length) = (try block.number(position, 2), try block.number(position + 2, 2))
            try append(type, flags: block.number(position + 4, 1), block.slice(position + 8, length), to: &result)
            position += 8 + length
        }
        return result
    }

    /// Version 2: type, size, flags in four bytes, then the order of creation where that is kept.
    private mutating func readNew(_ bytes: HDF5Bytes, at address: Int) throws {
        let flags = try bytes.number(address + 5, 1)
        let width = 1 << (flags & 3)
        let start = address + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
        let length = width == 8 ? try bytes.size(start) : try bytes.number(start, width)
        let prefix = flags & 0x04 != 0 ? 6 : 4
        try readBlocks(
            bytes, first: bytes.slice(start + width, length),
            readBlock: { block in
                var result: [Message] = []
                var position = 0
                while position + prefix <= block.count {
                    let (type, length) = (try block.number(position, 1), try block.number(position + 1, 2))
                    let data = try block.slice(position + prefix, length)
                    try HDF5Header.append(type, flags: block.number(position + 3, 1), data, to: &result)
                    position += prefix + length
                }
                return result
            },
            unwrap: { block in
                try block.expect("OCHK", at: 0)
                return try block.slice(4, block.count - 8)
            })
    }

    private static func append(_ type: Int, flags: Int, _ data: HDF5Bytes, to messages: inout [Message]) throws {
        // Nothing, or padding.
        if type == 0 { return }
        guard flags & 0x02 == 0 else { throw HDF5Error.unsupported("shared descriptions are not read") }
        messages.append(Message(type: type, data: data))
    }
}
