public import LightboxCore

/// Values as Swift types. A missing or empty attribute gives nil or an empty array, and so does one whose
/// value is no such thing; nothing is thrown, since foreign files break every rule.
extension DataSet {
    /// The first value as text: decoded by the character set, without padding. nil when missing or empty.
    public func string(_ tag: Tag) -> String? {
        guard let first = strings(tag).first, !first.isEmpty else { return nil }
        return first
    }

    /// All values as texts; the values of numeric VRs are written out.
    public func strings(_ tag: Tag) -> [String] {
        guard let element = self[tag], case .bytes(let bytes) = element.value, !bytes.isEmpty else { return [] }
        if element.vr.isText { return element.texts(bytes, specificCharacterSet) }
        switch element.vr {
        case .AT: return bytes.words(UInt16.self).pairs().map { Tag($0, $1).keyDigits }
        case .FL, .FD: return doubles(tag).map { $0.description }
        case .US, .SS, .UL, .SL, .UV, .SV: return bytes.integers(of: element.vr)
        default: return []
        }
    }

    /// The first value as an integer.
    public func int(_ tag: Tag) -> Int? { ints(tag).first }

    /// All values as integers: binary ones, IS, and whole numbers of DS, FL and FD. Words of OB, OW, OL and
    /// OV count as unsigned integers. Empty when one value is no integer.
    public func ints(_ tag: Tag) -> [Int] {
        guard let element = self[tag], case .bytes(let bytes) = element.value else { return [] }
        switch element.vr {
        case .US, .OW: return bytes.words(UInt16.self).map(Int.init)
        case .SS: return bytes.words(Int16.self).map(Int.init)
        case .UL, .OL: return bytes.words(UInt32.self).map(Int.init)
        case .SL: return bytes.words(Int32.self).map(Int.init)
        case .SV: return bytes.words(Int64.self).map(Int.init)
        case .UV, .OV: return bytes.words(UInt64.self).allOrNone { Int(exactly: $0) }
        case .OB: return bytes.array.map(Int.init)
        default: return doubles(tag).allOrNone { Int(exactly: $0) }
        }
    }

    /// The first value as a number.
    public func double(_ tag: Tag) -> Double? { doubles(tag).first }

    /// All values as numbers, of text (DS, IS) and binary VRs. Empty when one value is no number.
    public func doubles(_ tag: Tag) -> [Double] {
        guard let element = self[tag], case .bytes(let bytes) = element.value else { return [] }
        switch element.vr {
        case .FL, .OF: return bytes.words(UInt32.self).map { Double(Float(bitPattern: $0)) }
        case .FD, .OD: return bytes.words(UInt64.self).map { Double(bitPattern: $0) }
        case .US, .SS, .UL, .SL, .SV, .UV, .OB, .OW, .OL, .OV: return ints(tag).map(Double.init)
        case .AT, .SQ, .UN: return []
        default: return strings(tag).allOrNone { Double($0) }
        }
    }

    /// The items of a sequence; empty when missing.
    public func items(_ tag: Tag) -> [DataSet] {
        guard case .sequence(let items)? = self[tag]?.value else { return [] }
        guard let outer = effectiveCharacterSet else { return items }
        return items.map { item in
            guard item.inheritedCharacterSet == nil else { return item }
            var item = item
            item.inheritedCharacterSet = outer
            return item
        }
    }

    /// The value field as it stands in little-endian order; nil for sequences and fragments.
    public func bytes(_ tag: Tag) -> Bytes? {
        guard case .bytes(let bytes)? = self[tag]?.value else { return nil }
        return bytes
    }

    /// How texts of this data set are encoded: its own Specific Character Set or that of the data set around.
    public var specificCharacterSet: SpecificCharacterSet { SpecificCharacterSet(effectiveCharacterSet ?? "") }

    var effectiveCharacterSet: String? {
        guard case .bytes(let bytes)? = self[.specificCharacterSet]?.value else { return inheritedCharacterSet }
        return bytes.trimmedText
    }
}

extension Element {
    /// The texts of a value of a textual VR.
    func texts(_ bytes: Bytes, _ characterSet: @autoclosure () -> SpecificCharacterSet) -> [String] {
        let text: String = bytes.withUnsafeBytes { memory in
            guard vr.hasCharacterSet && !memory.isPlainASCII else {
                return memory.isPlainASCII
                    ? String(decoding: memory, as: UTF8.self) : SpecificCharacterSet("").decode(memory, vr: vr)
            }
            return characterSet().decode(memory, vr: vr)
        }
        guard vr.isMultiValued else { return [text.trimmed(vr)] }
        return text.utf8.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
            .map { String(Substring($0)).trimmed(vr) }
    }
}

extension String {
    /// Without the padding that PS3.5 table 6.2-1 calls insignificant.
    func trimmed(_ vr: VR) -> String {
        let isPadding: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0 }
        var text = utf8[...]
        while let last = text.last, isPadding(last) { text.removeLast() }
        if vr.ignoresLeadingSpaces {
            while let first = text.first, isPadding(first) { text.removeFirst() }
        }
        return text.count == utf8.count ? self : String(Substring(text))
    }
}

extension Array {
    /// Maps all elements, or gives an empty array when one has no counterpart.
    fileprivate func allOrNone<Result>(_ transform: (Element) -> Result?) -> [Result] {
        let results = compactMap(transform)
        return results.count == count ? results : []
    }

    /// Elements two by two.
    fileprivate func pairs() -> [(Element, Element)] {
        stride(from: 0, to: count - 1, by: 2).map { (self[$0], self[$0 + 1]) }
    }
}

extension Bytes {
    /// The whole words in these bytes, little-endian.
    func words<Word: FixedWidthInteger>(_ type: Word.Type) -> [Word] {
        withUnsafeBytes { memory in
            (0..<memory.count / MemoryLayout<Word>.size).map { index in
                Word(littleEndian: memory.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: type))
            }
        }
    }

    fileprivate func integers(of vr: VR) -> [String] {
        switch vr {
        case .US: words(UInt16.self).map(\.description)
        case .SS: words(Int16.self).map(\.description)
        case .UL: words(UInt32.self).map(\.description)
        case .SL: words(Int32.self).map(\.description)
        case .UV: words(UInt64.self).map(\.description)
        default: words(Int64.self).map(\.description)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether every byte stands for the same character in every character set: no escape, nothing above 127.
    var isPlainASCII: Bool { allSatisfy { $0 < 0x80 && $0 != 0x1b } }
}
