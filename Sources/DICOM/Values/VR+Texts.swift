extension VR {
    /// Whether values are characters.
    public var isText: Bool {
        switch self {
        case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .LT, .PN, .SH, .ST, .TM, .UC, .UI, .UR, .UT: true
        default: false
        }
    }

    /// Whether Specific Character Set applies to this VR (PS3.5 section 6.1.2.3).
    public var hasCharacterSet: Bool {
        switch self {
        case .LO, .LT, .PN, .SH, .ST, .UC, .UT: true
        default: false
        }
    }

    /// Whether a backslash separates values; in the others it is a character (PS3.5 section 6.4).
    public var isMultiValued: Bool {
        switch self {
        case .LT, .ST, .UT, .UR, .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .UN: false
        default: true
        }
    }

    /// Whether spaces before a value mean nothing (PS3.5 table 6.2-1).
    var ignoresLeadingSpaces: Bool {
        switch self {
        case .AE, .CS, .DS, .IS, .LO, .SH, .UI, .DA, .TM, .DT, .AS: true
        default: false
        }
    }

    /// What fills a value up to an even length (PS3.5 section 6.2).
    var padding: UInt8 { isText && self != .UI ? 0x20 : 0 }
}

extension Tag {
    /// `00100020`, as DICOM JSON writes a tag.
    public var keyDigits: String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Reads `00100020`, `(0010,0020)` or `0010,0020`.
    public init?(digits text: String) {
        let digits = text.filter { !"(), ".contains($0) }
        guard digits.utf8.count == 8, digits.allSatisfy(\.isHexDigit), let number = UInt32(digits, radix: 16)
        else { return nil }
        self.init(number: number)
    }
}
