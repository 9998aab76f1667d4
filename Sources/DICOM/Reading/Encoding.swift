import LightboxCore

/// Which of the three encodings of PS3.5 annex A a data set has, as far as its first bytes can tell.
struct Encoding: Equatable {
    var isExplicit: Bool
    var isBigEndian: Bool

    init(isExplicit: Bool, isBigEndian: Bool) {
        self.isExplicit = isExplicit
        self.isBigEndian = isBigEndian
    }

    init(_ syntax: TransferSyntax) {
        self.init(isExplicit: syntax.isExplicit, isBigEndian: syntax.isBigEndian)
    }

    var transferSyntax: TransferSyntax {
        if isBigEndian { return .explicitVRBigEndian }
        return isExplicit ? .explicitVRLittleEndian : .implicitVRLittleEndian
    }

    /// The encoding of bytes that start with an attribute of a usual group; nil when they do not.
    static func guess(from bytes: Bytes) -> Encoding? {
        guard bytes.count >= 8 else { return nil }
        let little = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        let isExplicit = VR(bytes[4], bytes[5]) != nil
        // Data sets start in one of these groups, hardly any outside group 0008.
        let usual: Set<UInt16> = [0x0000, 0x0002, 0x0004, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028]
        if usual.contains(little) {
            // An implicit length has to fit, else any text or zeros would pass.
            let length = (0..<4).reduce(0) { $0 | Int(bytes[4 + $1]) << (8 * $1) }
            let element = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
            let isKnown = DICOMDictionary.choice(of: Tag(little, element)) != nil || element == 0
            guard isExplicit || (isKnown && length > 0 && length <= bytes.count - 8) else { return nil }
            return Encoding(isExplicit: isExplicit, isBigEndian: false)
        }
        guard usual.contains(little.byteSwapped) && isExplicit else { return nil }
        return Encoding(isExplicit: true, isBigEndian: true)
    }

    /// The encoding of a data set behind file meta information that names none.
    static func afterFileMeta(_ bytes: Bytes) -> Encoding {
        guard bytes.count >= 8, VR(bytes[4], bytes[5]) != nil else {
            return Encoding(isExplicit: false, isBigEndian: false)
        }
        return Encoding(isExplicit: true, isBigEndian: false).corrected(by: bytes)
    }

    /// What the first attribute shows where it contradicts the transfer syntax: writers exist that put
    /// implicit data into a file that claims JPEG.
    func corrected(by bytes: Bytes) -> Encoding {
        guard bytes.count >= 8 else { return self }
        // As a length, two capital letters mean over 16 KB: no first attribute is that long.
        var found = Encoding(isExplicit: Self.isLetters(bytes[4], bytes[5]), isBigEndian: isBigEndian)
        let little = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        // Groups below 0100 read as multiples of 0100 the wrong way round.
        let claimed = isBigEndian ? little.byteSwapped : little
        if found.isExplicit && claimed >= 0x0100 && claimed.byteSwapped < 0x0100 { found.isBigEndian.toggle() }
        if !found.isExplicit { found.isBigEndian = false }
        return found
    }

    static func isLetters(_ first: UInt8, _ second: UInt8) -> Bool {
        (0x41...0x5a).contains(first) && (0x41...0x5a).contains(second)
    }
}
