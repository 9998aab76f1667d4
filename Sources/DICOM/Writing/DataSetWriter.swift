import LightboxCore

/// Writes data sets in the three byte encodings of PS3.5 annex A. Sequences and items get lengths where
/// a reader can do with them; values of odd length are padded; group lengths, which are retired, are left out.
struct DataSetWriter {
    let isExplicit: Bool
    let isBigEndian: Bool
    let file: String?
    var output: [UInt8] = []

    init(_ syntax: TransferSyntax, file: String? = nil) {
        isExplicit = syntax.isExplicit
        isBigEndian = syntax.isBigEndian
        self.file = file
    }

    mutating func write(_ dataSet: DataSet) throws {
        for element in dataSet.elements where element.tag.element != 0 { try write(element) }
    }

    mutating func write(_ element: Element) throws {
        switch element.value {
        case .bytes(let bytes): try write(bytes, of: element)
        case .sequence(let items): try write(items, of: element.tag)
        case .fragments(let offsetTable, let fragments):
            leaveOpen(header(element.tag, element.vr))
            output += FragmentItems.bytes(offsetTable, fragments)
            appendDelimiter()
        }
    }

    private mutating func write(_ items: [DataSet], of tag: Tag) throws {
        let length = header(tag, .SQ)
        for item in items {
            append(.item)
            let itemLength = placeholder()
            try write(item)
            try patch(itemLength, tag)
        }
        // Without a VR, an open length is what tells a reader that a private value is a sequence.
        if !isExplicit && DICOMDictionary.vr(of: tag) != .SQ {
            leaveOpen(length)
            appendDelimiter()
        } else {
            try patch(length, tag)
        }
    }

    private mutating func write(_ bytes: Bytes, of element: Element) throws {
        let padded = bytes.count + bytes.count & 1
        guard padded < Int(UInt32.max) else {
            throw DICOMError(.tooLarge, file: file, tag: element.tag, "A value ends below 4 GB.")
        }
        // PS3.5 section 6.2.2: what does not fit a 16-bit length is written as UN.
        let vr = isExplicit && !element.vr.hasLongLength && padded > 0xfffe ? .UN : element.vr
        append(element.tag)
        if isExplicit {
            output += [UInt8(vr.rawValue >> 8), UInt8(vr.rawValue & 0xff)]
            if vr.hasLongLength {
                append(UInt16(0))
                append(UInt32(padded))
            } else {
                append(UInt16(padded))
            }
        } else {
            append(UInt32(padded))
        }
        appendValue(bytes, of: element)
        if padded > bytes.count { output.append(element.vr.padding) }
    }

    private mutating func appendValue(_ bytes: Bytes, of element: Element) {
        let start = output.count
        bytes.withUnsafeBytes { output.append(contentsOf: $0) }
        // Pixel data is turned around, where it has to be, before it gets here.
        let size = element.vr.wordSize
        guard isBigEndian && size > 1 && element.tag != .pixelData else { return }
        for word in stride(from: start, through: output.count - size, by: size) {
            output[word..<word + size].reverse()
        }
    }

    // MARK: Lengths

    /// Writes tag and a VR with a 32-bit length, and gives the place of the length.
    private mutating func header(_ tag: Tag, _ vr: VR) -> Int {
        append(tag)
        if isExplicit {
            output += [UInt8(vr.rawValue >> 8), UInt8(vr.rawValue & 0xff)]
            append(UInt16(0))
        }
        return placeholder()
    }

    private mutating func placeholder() -> Int {
        append(UInt32(0))
        return output.count - 4
    }

    /// Says that a delimiter will end the value.
    private mutating func leaveOpen(_ place: Int) {
        for index in place..<place + 4 { output[index] = 0xff }
    }

    private mutating func appendDelimiter() {
        append(.sequenceDelimitation)
        append(UInt32(0))
    }

    /// Puts the length of what was written since into its place.
    private mutating func patch(_ place: Int, _ tag: Tag) throws {
        guard let length = UInt32(exactly: output.count - place - 4), length != .max else {
            throw DICOMError(.tooLarge, file: file, tag: tag, "A sequence ends below 4 GB.")
        }
        withUnsafeBytes(of: isBigEndian ? length.bigEndian : length.littleEndian) {
            output.replaceSubrange(place..<place + 4, with: $0)
        }
    }

    private mutating func append(_ tag: Tag) {
        append(tag.group)
        append(tag.element)
    }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: isBigEndian ? number.bigEndian : number.littleEndian) { output.append(contentsOf: $0) }
    }
}
