import LightboxCore

/// The table of a Modality LUT or VOI LUT item (PS3.3 C.11.1.1, C.11.2.1.1).
public struct LookupTable: Sendable, Hashable {
    /// The input that the first entry stands for; smaller inputs get the first entry, larger ones the last.
    public let firstMapped: Int
    /// At least one.
    public let entries: [UInt16]
    /// 8...16: an entry is 0 to 2^bits - 1.
    public let bits: Int

    public init(firstMapped: Int, entries: [UInt16], bits: Int) {
        precondition(!entries.isEmpty && (1...16).contains(bits))
        self.firstMapped = firstMapped
        self.entries = entries
        self.bits = bits
    }

    /// The greatest value an entry can have.
    public var maximum: Double { Double(1 << bits - 1) }

    public subscript(_ input: Double) -> Double {
        // NaN fails both comparisons and gets the first entry.
        let offset = input.rounded() - Double(firstMapped)
        if offset >= Double(entries.count) { return Double(entries[entries.count - 1]) }
        return Double(entries[offset > 0 ? Int(offset) : 0])
    }
}

extension LookupTable {
    /// Reads LUTDescriptor and LUTData of an item.
    ///
    /// - Parameter inputIsSigned: whether the first mapped value is to be read as two's complement.
    init(item: DataSet, inputIsSigned: Bool) throws {
        let descriptor = item.ints(.lutDescriptor)
        guard descriptor.count == 3 else {
            throw DICOMError(
                .invalidAttribute, tag: .lutDescriptor, "A lookup table's descriptor has three values.")
        }
        let count = entryCount(descriptor[0])
        guard (8...16).contains(descriptor[2]) else {
            throw DICOMError(.invalidAttribute, tag: .lutDescriptor, "Entries must have 8 to 16 bits.")
        }
        guard let data = item.bytes(.lutData), data.count >= count else {
            throw DICOMError(.truncated, tag: .lutData, "The table has fewer entries than its descriptor says.")
        }
        self.init(
            firstMapped: firstMappedInput(descriptor[1], isSigned: inputIsSigned),
            entries: try tableEntries(data, count: count, tag: .lutData), bits: descriptor[2])
    }
}

/// 0 stands for 65536 (PS3.3 C.11.1.1.1).
func entryCount(_ stated: Int) -> Int { stated & 0xffff == 0 ? 65536 : stated & 0xffff }

/// The VR of a descriptor does not say which sign its second value has.
func firstMappedInput(_ stated: Int, isSigned: Bool) -> Int {
    isSigned ? Int(Int16(truncatingIfNeeded: stated)) : Int(UInt16(truncatingIfNeeded: stated))
}

/// Words, or bytes where the value has no room for words.
func tableEntries(_ data: Bytes, count: Int, tag: Tag) throws -> [UInt16] {
    if data.count >= count * 2 { return Array(data.words(UInt16.self).prefix(count)) }
    guard data.count >= count else {
        throw DICOMError(.truncated, tag: tag, "The table has fewer entries than its descriptor says.")
    }
    return data.withUnsafeBytes { $0.prefix(count).map(UInt16.init) }
}
