import LightboxCore

/// Three lookup tables from a stored value to red, green and blue (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9).
struct Palette: Sendable {
    private let firstMapped: Int
    /// 8 bits for each entry, red, green and blue side by side.
    private let entries: [UInt8]

    init(_ dataSet: DataSet, isSigned: Bool) throws {
        let channels = try Self.channels.map { try Channel(dataSet, $0, isSigned: isSigned) }
        let count = channels.map(\.entries.count).min() ?? 0
        guard count > 0 else {
            throw DICOMError(
                .invalidAttribute, tag: .redPaletteColorLookupTableData, "The palette has no entries.")
        }
        firstMapped = channels[0].firstMapped
        entries = (0..<count).flatMap { index in channels.map { $0.entries[index] } }
    }

    private struct Source {
        var descriptor, data, segmentedData: Tag
    }

    private static let channels = [
        Source(
            descriptor: .redPaletteColorLookupTableDescriptor, data: .redPaletteColorLookupTableData,
            segmentedData: Tag(0x0028, 0x1221)),
        Source(
            descriptor: .greenPaletteColorLookupTableDescriptor, data: .greenPaletteColorLookupTableData,
            segmentedData: Tag(0x0028, 0x1222)),
        Source(
            descriptor: .bluePaletteColorLookupTableDescriptor, data: .bluePaletteColorLookupTableData,
            segmentedData: Tag(0x0028, 0x1223)),
    ]

    private struct Channel {
        var firstMapped: Int
        var entries: [UInt8]

        init(_ dataSet: DataSet, _ source: Source, isSigned: Bool) throws {
            let descriptor = dataSet.ints(source.descriptor)
            guard descriptor.count == 3, [8, 16].contains(descriptor[2]) else {
                throw DICOMError(
                    .invalidAttribute, tag: source.descriptor,
                    "A palette needs a descriptor of three values, with 8 or 16 bits per entry.")
            }
            let count = entryCount(descriptor[0])
            firstMapped = firstMappedInput(descriptor[1], isSigned: isSigned)
            let words: [UInt16]
            var hasBytes = descriptor[2] == 8
            if let data = dataSet.bytes(source.data) {
                words = try tableEntries(data, count: count, tag: source.data)
                // Entries of 8 bits may stand in words, and 16 bits may be stated for bytes.
                hasBytes = data.count < count * 2 || (hasBytes && words.allSatisfy { $0 <= 0xff })
            } else if let data = dataSet.bytes(source.segmentedData) {
                let tag = source.segmentedData
                words = try SegmentedTable(data, hasBytes: hasBytes, count: count, tag: tag).expanded()
            } else {
                throw DICOMError(.missingAttribute, tag: source.data, "An image with a palette needs its tables.")
            }
            // Entries of 16 bits keep their upper half, as both ways of widening 8 bits to 16 mean it.
            entries = words.map { UInt8(truncatingIfNeeded: hasBytes ? $0 : $0 >> 8) }
        }
    }

    /// RGB for each stored value.
    func apply(_ samples: StoredFrame.Samples) -> [UInt8] {
        switch samples {
        case .uint8(let values): rgb(values)
        case .int8(let values): rgb(values)
        case .uint16(let values): rgb(values)
        case .int16(let values): rgb(values)
        case .uint32(let values): rgb(values)
        case .int32(let values): rgb(values)
        case .float32, .float64: []
        }
    }

    private func rgb<S: FixedWidthInteger>(_ values: [S]) -> [UInt8] {
        let last = entries.count / 3 - 1
        return values.withUnsafeBufferPointer { values in
            entries.withUnsafeBufferPointer { entries in
                [UInt8](unsafeUninitializedCapacity: values.count * 3) { pixels, filled in
                    for index in 0..<values.count {
                        let entry = min(max(Int(values[index]) - firstMapped, 0), last) * 3
                        pixels[index * 3] = entries[entry]
                        pixels[index * 3 + 1] = entries[entry + 1]
                        pixels[index * 3 + 2] = entries[entry + 2]
                    }
                    filled = values.count * 3
                }
            }
        }
    }
}
