/// Many short texts in one piece of memory, as the keys of a million rows are.
public struct PackedTexts: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// Stands for NULL; no text has it.
    private static let none: UInt8 = 0xff

    public init() {}

    public var count: Int { ends.count }
    /// Of memory.
    public var size: Int { bytes.capacity + 8 * ends.capacity }

    public mutating func append(_ text: String?) {
        if let text { bytes += text.utf8 } else { bytes.append(Self.none) }
        ends.append(bytes.count)
    }

    /// nil for NULL.
    public subscript(_ index: Int) -> String? {
        let piece = bytes(at: index)
        return piece.first == Self.none ? nil : String(decoding: piece, as: UTF8.self)
    }

    /// As it lies in memory, one byte that is in no text for NULL.
    func bytes(at index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    /// The texts that have a fragment in them; small and capital letters of ASCII are the same.
    ///
    /// - Parameter body: told each one's number, in order.
    public func forEach(containing fragment: String, _ body: (Int) -> Void) {
        let wanted = fragment.utf8.map(Self.small)
        guard let first = wanted.first else { return }
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            for (index, end) in ends.enumerated() {
                defer { start = end }
                var place = start
                while place + wanted.count <= end {
                    if Self.small(bytes[place]) == first,
                        wanted.indices.allSatisfy({ Self.small(bytes[place + $0]) == wanted[$0] })
                    {
                        body(index)
                        break
                    }
                    place += 1
                }
            }
        }
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
