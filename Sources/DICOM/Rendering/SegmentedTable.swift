import LightboxCore

/// A palette that is written as segments: runs of values, straight lines, and copies of earlier segments
/// (PS3.3 C.7.9.2).
struct SegmentedTable {
    private let numbers: [UInt16]
    private let hasBytes: Bool
    private let count: Int
    private let tag: Tag

    /// - Parameter count: how many entries the table has when it is expanded.
    init(_ data: Bytes, hasBytes: Bool, count: Int, tag: Tag) {
        numbers = hasBytes ? data.withUnsafeBytes { $0.map(UInt16.init) } : data.words(UInt16.self)
        self.hasBytes = hasBytes
        self.count = count
        self.tag = tag
    }

    func expanded() throws -> [UInt16] {
        var entries: [UInt16] = []
        entries.reserveCapacity(count)
        var position = 0
        // A byte may be left for padding; each kind of segment is longer than that.
        while position + 1 < numbers.count && entries.count < count {
            try addSegment(at: &position, to: &entries, isCopy: false)
        }
        guard entries.count >= count else { throw corrupt("has fewer entries than its descriptor says") }
        return Array(entries.prefix(count))
    }

    private func addSegment(at position: inout Int, to entries: inout [UInt16], isCopy: Bool) throws {
        let kind = try number(&position)
        let length = Int(try number(&position))
        switch kind {
        case 0:
            guard position + length <= numbers.count else { throw corrupt("ends inside a segment") }
            entries += numbers[position..<position + length]
            position += length
        case 1:
            guard let start = entries.last else { throw corrupt("begins with a line from nowhere") }
            let end = try number(&position)
            let step = length > 0 ? (Double(end) - Double(start)) / Double(length) : 0
            for index in 0..<length {
                entries.append(UInt16((Double(start) + step * Double(index + 1)).rounded(.toNearestOrEven)))
            }
        case 2 where !isCopy:
            var source = try offset(&position)
            for _ in 0..<length where entries.count < count {
                try addSegment(at: &source, to: &entries, isCopy: true)
            }
        default: throw corrupt("has a segment of an unknown kind")
        }
    }

    /// Where a copied segment begins: written in bytes, low byte or word first.
    private func offset(_ position: inout Int) throws -> Int {
        if hasBytes { return try (0..<4).reduce(0) { $0 | Int(try number(&position)) << (8 * $1) } }
        return try (Int(number(&position)) | Int(number(&position)) << 16) / 2
    }

    private func number(_ position: inout Int) throws -> UInt16 {
        guard position >= 0, position < numbers.count else { throw corrupt("ends inside a segment") }
        defer { position += 1 }
        return numbers[position]
    }

    private func corrupt(_ what: String) -> DICOMError {
        DICOMError(.corrupt, tag: tag, "The segmented palette \(what).")
    }
}
