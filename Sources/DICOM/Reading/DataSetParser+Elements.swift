import LightboxCore

extension DataSetParser {
    /// What stands before a value.
    struct Header {
        var tag: Tag
        var vr: VR
        /// nil when a delimiter ends the value.
        var length: Int?
        /// Whether the encoding leaves several value representations open.
        var isAmbiguous = false
        /// Whether explicit data gave no VR, so that this one is the dictionary's.
        var wasUnknown = false
    }

    /// Reads tag, VR and length; the caller has seen that eight bytes are there.
    mutating func header(_ scope: Scope) throws -> Header {
        let tag = tag(at: offset)
        try spend(tag)
        guard scope.isExplicit else { return implicitHeader(tag) }
        let letters = UInt16(memory[offset + 4]) << 8 | UInt16(memory[offset + 5])
        guard let vr = VR(rawValue: letters) else { return unknownHeader(tag, scope) }
        guard vr.hasLongLength else {
            let length = Int(load(UInt16.self, at: offset + 6))
            offset += 8
            return Header(tag: tag, vr: vr, length: length)
        }
        guard scope.end - offset >= 12 else {
            throw failure(.truncated, tag, "The data ends before this attribute's length.")
        }
        let length = load(UInt32.self, at: offset + 8)
        offset += 12
        var header = Header(tag: tag, vr: vr, length: length == .max ? nil : Int(length))
        // PS3.5 section 6.2.2: the writer did not know the VR, or the length did not fit its own.
        if vr == .UN {
            header.wasUnknown = true
            settleVR(of: &header)
        }
        return header
    }

    private mutating func implicitHeader(_ tag: Tag) -> Header {
        let length = load(UInt32.self, at: offset + 4)
        offset += 8
        var header = Header(tag: tag, vr: .UN, length: length == .max ? nil : Int(length))
        settleVR(of: &header)
        return header
    }

    /// Two bytes that are no known VR: implicit encoding inside explicit data where the length fits, else
    /// a VR newer than this build (PS3.5 section 6.2 gives it a long length), else one that never was.
    private mutating func unknownHeader(_ tag: Tag, _ scope: Scope) -> Header {
        let implicit = load(UInt32.self, at: offset + 4)
        let isLetters = Encoding.isLetters(memory[offset + 4], memory[offset + 5])
        if !isLetters && (implicit == .max || Int(implicit) <= scope.end - offset - 8) {
            return implicitHeader(tag)
        }
        var header = Header(tag: tag, vr: .UN, length: Int(load(UInt16.self, at: offset + 6)))
        if header.length == 0 && scope.end - offset >= 12 {
            let long = Int(load(UInt32.self, at: offset + 8))
            if long <= scope.end - offset - 12 {
                header.length = long
                offset += 4
            }
        }
        offset += 8
        header.wasUnknown = true
        settleVR(of: &header)
        return header
    }

    /// Takes the dictionary's VR for an attribute whose own is missing.
    private func settleVR(of header: inout Header) {
        if header.tag.isPrivate {
            if header.tag.isPrivateCreator { header.vr = .LO }
            return
        }
        guard let choice = DICOMDictionary.choice(of: header.tag) else {
            if header.tag.element == 0 { header.vr = .UL }
            return
        }
        header.vr = choice.usual ?? .UN
        if case .one = choice { return }
        header.isAmbiguous = true
    }

    /// Reads the value that follows a header.
    mutating func element(_ header: Header, _ scope: inout Scope) throws -> Element {
        guard let length = header.length else { return try undefinedLengthElement(header, scope) }
        guard length <= scope.end - offset else {
            throw failure(
                .truncated, header.tag,
                "The value has \(length) bytes by its length, and \(scope.end - offset) are left.")
        }
        if header.vr == .SQ {
            guard header.wasUnknown else { return try sequenceElement(header, length, scope) }
            if let element = try guessedSequence(header, length, scope) { return element }
        }
        let value = value(header, length)
        offset += length
        if header.tag == .specificCharacterSet {
            scope.characterSet = value.trimmedText
        } else if header.tag == .pixelRepresentation && length >= 2 {
            scope.isSigned = value[0] != 0
        }
        return Element(header.tag, header.vr == .SQ ? .UN : header.vr, .bytes(value))
    }

    /// A slice of the file, in little-endian order.
    private func value(_ header: Header, _ length: Int) -> Bytes {
        let slice = bytes[offset..<offset + length]
        guard isBigEndian && header.vr.wordSize > 1 && header.tag != .pixelData else { return slice }
        return slice.swapped(wordSize: header.vr.wordSize)
    }

    private mutating func sequenceElement(_ header: Header, _ length: Int, _ scope: Scope) throws -> Element {
        var inner = scope
        inner.end = offset + length
        let items = try items(of: header.tag, inner, endsWithDelimiter: false)
        offset = inner.end
        return Element(header.tag, .SQ, .sequence(items))
    }

    /// A value of VR UN that the dictionary says is a sequence; nil where it does not read as one.
    private mutating func guessedSequence(_ header: Header, _ length: Int, _ scope: Scope) throws -> Element? {
        let start = offset
        do {
            return try sequenceElement(header, length, scope)
        } catch let error as DICOMError where error.code == .corrupt || error.code == .truncated {
            offset = start
            return nil
        }
    }

    /// A sequence, or compressed pixel data (PS3.5 section 7.5 and annex A.4).
    private mutating func undefinedLengthElement(_ header: Header, _ scope: Scope) throws -> Element {
        switch header.vr {
        case .OB, .OW, .OF, .OD, .OL, .OV:
            let vr: VR = header.isAmbiguous ? .OB : header.vr
            return Element(header.tag, vr, try fragments(of: header.tag, scope))
        case .SQ, .UN:
            return Element(header.tag, .SQ, .sequence(try items(of: header.tag, scope, endsWithDelimiter: true)))
        default:
            throw failure(.corrupt, header.tag, "A value of this kind needs a length.")
        }
    }

    /// Chooses between the VRs that the dictionary allows, by what the data set says of its pixels.
    func resolve(_ ambiguous: [Int], of elements: inout [Element], isSigned: Bool) {
        for index in ambiguous {
            let element = elements[index]
            guard case .bytes = element.value else { continue }
            let vr: VR? =
                switch DICOMDictionary.choice(of: element.tag) {
                case .usOrSS: isSigned ? .SS : .US
                case .obOrOW: .OW
                // PS3.3 C.11.1.1.1: a table of one entry is a number, any other one is words.
                case .usOrOW, .usOrSSOrOW: hasOneEntry(elements) ? .US : .OW
                default: nil
                }
            if let vr { elements[index] = Element(element.tag, vr, element.value) }
        }
    }

    private func hasOneEntry(_ elements: [Element]) -> Bool {
        guard let descriptor = elements.first(where: { $0.tag == .lutDescriptor }),
            case .bytes(let value) = descriptor.value, value.count >= 2
        else { return false }
        return value[0] == 1 && value[1] == 0
    }
}

extension Bytes {
    /// Turns each whole word around.
    func swapped(wordSize: Int) -> Bytes {
        var copy = array
        for start in stride(from: 0, through: copy.count - wordSize, by: wordSize) {
            copy[start..<start + wordSize].reverse()
        }
        return Bytes(copy)
    }

    /// The text without padding at its ends.
    var trimmedText: String {
        withUnsafeBytes { memory in
            var text = memory[...]
            while let last = text.last, last == 0x20 || last == 0 { text.removeLast() }
            while let first = text.first, first == 0x20 { text.removeFirst() }
            return String(decoding: text, as: UTF8.self)
        }
    }
}
