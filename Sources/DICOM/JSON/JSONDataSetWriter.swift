import LightboxCore

/// Writes data sets as DICOM JSON, bytes to bytes: a text of plain ASCII is copied and never becomes a String.
struct JSONDataSetWriter: ~Copyable {
    var sink = JSONSink()
    let options: DICOMJSON.EncodeOptions
    /// The place of the data set being written, empty or ending in a slash; kept only for bulk data.
    private var place = ""

    init(options: DICOMJSON.EncodeOptions) { self.options = options }

    mutating func write(_ dataSet: DataSet, characterSet outer: String) {
        sink.append(UInt8(ascii: "{"))
        // Looked up first: attributes of lower tags may be texts too.
        let own: String? =
            if case .bytes(let bytes)? = dataSet[.specificCharacterSet]?.value { bytes.trimmedText } else { nil }
        let characterSet = own ?? outer
        var isFirst = true
        for element in dataSet.elements where element.tag.element != 0 && element.tag.group != 0x0002 {
            write(element, characterSet, isFirst: isFirst)
            isFirst = false
        }
        sink.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ element: Element, _ characterSet: String, isFirst: Bool) {
        switch element.value {
        case _ where element.tag == .specificCharacterSet:
            sink.appendKey(element.tag, .CS, isFirst: isFirst)
            sink.append(",\"Value\":[\"ISO_IR 192\"]")
        case .bytes(let bytes):
            let isWhole = bytes.count % element.vr.valueSize == 0
            let vr = isWhole ? element.vr : .UN
            sink.appendKey(element.tag, vr, isFirst: isFirst)
            write(bytes, of: element, as: vr, characterSet)
        case .sequence(let items):
            sink.appendKey(element.tag, .SQ, isFirst: isFirst)
            if !items.isEmpty { write(items, of: element.tag, characterSet) }
        case .fragments(let offsetTable, let fragments):
            sink.appendKey(element.tag, element.vr, isFirst: isFirst)
            let count = fragments.reduce(offsetTable.count + 8) { $0 + $1.count + 8 }
            guard !writeURI(of: element.tag, element.vr, byteCount: count) else { break }
            FragmentItems.bytes(offsetTable, fragments).withUnsafeBytes { writeBinary($0) }
        }
        sink.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ items: [DataSet], of tag: Tag, _ characterSet: String) {
        sink.append(",\"Value\":[")
        let outerPlace = place
        for (index, item) in items.enumerated() {
            if index > 0 { sink.append(UInt8(ascii: ",")) }
            if options.bulkDataURI != nil { place = "\(outerPlace)\(tag.keyDigits)/\(index)/" }
            write(item, characterSet: characterSet)
        }
        place = outerPlace
        sink.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ bytes: Bytes, of element: Element, as vr: VR, _ characterSet: String) {
        guard !bytes.isEmpty, !writeURI(of: element.tag, vr, byteCount: bytes.count) else { return }
        bytes.withUnsafeBytes { memory in
            switch vr {
            case .OB, .OD, .OF, .OL, .OV, .OW, .UN, .SQ: writeBinary(memory)
            case .US: writeIntegers(memory, UInt16.self)
            case .SS: writeIntegers(memory, Int16.self)
            case .UL: writeIntegers(memory, UInt32.self)
            case .SL: writeIntegers(memory, Int32.self)
            case .UV: writeIntegers(memory, UInt64.self)
            case .SV: writeIntegers(memory, Int64.self)
            case .FL, .FD: writeFloats(memory, vr)
            case .AT: writeTags(memory)
            case .PN, .LO, .LT, .SH, .ST, .UC, .UT, .AE, .AS, .CS, .DA, .DS, .DT, .IS, .TM, .UI, .UR:
                if memory.isPlainASCII {
                    writeText(memory, vr)
                } else {
                    let set = SpecificCharacterSet(vr.hasCharacterSet ? characterSet : "")
                    set.utf8(memory, vr: vr).withUnsafeBytes { writeText($0, vr) }
                }
            }
        }
    }

    /// Writes an address in place of a value where there is one to write.
    private mutating func writeURI(of tag: Tag, _ vr: VR, byteCount: Int) -> Bool {
        guard options.isBulk(vr, byteCount: byteCount), var uri = options.bulkDataURI?(place + tag.keyDigits) else {
            return false
        }
        sink.append(",\"BulkDataURI\":")
        uri.withUTF8 { sink.appendString(UnsafeRawBufferPointer($0)) }
        return true
    }

    private mutating func writeBinary(_ bytes: UnsafeRawBufferPointer) {
        sink.append(",\"InlineBinary\":\"")
        sink.appendBase64(bytes)
        sink.append(UInt8(ascii: "\""))
    }

    // MARK: Numbers

    private mutating func writeIntegers<Word: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ type: Word.Type
    ) {
        sink.append(",\"Value\":[")
        for position in stride(from: 0, to: bytes.count, by: MemoryLayout<Word>.size) {
            if position > 0 { sink.append(UInt8(ascii: ",")) }
            sink.appendInteger(Word(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type)))
        }
        sink.append(UInt8(ascii: "]"))
    }

    private mutating func writeFloats(_ bytes: UnsafeRawBufferPointer, _ vr: VR) {
        sink.append(",\"Value\":[")
        for position in stride(from: 0, to: bytes.count, by: vr.wordSize) {
            if position > 0 { sink.append(UInt8(ascii: ",")) }
            let value: Double =
                if vr == .FL {
                    Double(
                        Float(
                            bitPattern: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian
                        ))
                } else {
                    Double(bitPattern: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian)
                }
            if value.isFinite {
                sink.append(value.description)
            } else if value.isNaN {
                sink.append("\"NaN\"")
            } else {
                sink.append(value < 0 ? "\"-Infinity\"" : "\"Infinity\"" as StaticString)
            }
        }
        sink.append(UInt8(ascii: "]"))
    }

    private mutating func writeTags(_ bytes: UnsafeRawBufferPointer) {
        sink.append(",\"Value\":[")
        for position in stride(from: 0, to: bytes.count, by: 4) {
            sink.append(position > 0 ? ",\"" : "\"" as StaticString)
            let group = bytes.loadUnaligned(fromByteOffset: position, as: UInt16.self).littleEndian
            let element = bytes.loadUnaligned(fromByteOffset: position + 2, as: UInt16.self).littleEndian
            sink.appendHexadecimal(Tag(group, element).number)
            sink.append(UInt8(ascii: "\""))
        }
        sink.append(UInt8(ascii: "]"))
    }
}

extension VR {
    /// Bytes of one value, where values have a fixed size and a remainder is an error.
    var valueSize: Int {
        switch self {
        case .AT: 4
        case .FD, .FL, .SL, .SS, .SV, .UL, .US, .UV: wordSize
        default: 1
        }
    }
}
