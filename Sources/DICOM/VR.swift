/// Value representations (PS3.5 section 6.2). The raw value is the two letters, first letter in the high byte.
// The cases are spelled as the standard spells them.
// swift-format-ignore
public enum VR: UInt16, Sendable, CaseIterable, CustomStringConvertible {
    case AE = 0x4145, AS = 0x4153, AT = 0x4154, CS = 0x4353, DA = 0x4441, DS = 0x4453, DT = 0x4454
    case FD = 0x4644, FL = 0x464c, IS = 0x4953, LO = 0x4c4f, LT = 0x4c54, OB = 0x4f42, OD = 0x4f44
    case OF = 0x4f46, OL = 0x4f4c, OV = 0x4f56, OW = 0x4f57, PN = 0x504e, SH = 0x5348, SL = 0x534c
    case SQ = 0x5351, SS = 0x5353, ST = 0x5354, SV = 0x5356, TM = 0x544d, UC = 0x5543, UI = 0x5549
    case UL = 0x554c, UN = 0x554e, UR = 0x5552, US = 0x5553, UT = 0x5554, UV = 0x5556

    public init?(_ first: UInt8, _ second: UInt8) {
        self.init(rawValue: UInt16(first) << 8 | UInt16(second))
    }

    /// Two letters.
    public var description: String {
        String(decoding: [UInt8(rawValue >> 8), UInt8(rawValue & 0xff)], as: UTF8.self)
    }

    /// Whether explicit encodings write a 32-bit length behind two reserved bytes (PS3.5 table 7.1-1).
    public var hasLongLength: Bool {
        switch self {
        case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .SV, .UC, .UN, .UR, .UT, .UV: true
        default: false
        }
    }

    /// Bytes of one binary value, which byte order applies to; 1 for texts and byte strings.
    public var wordSize: Int {
        switch self {
        case .AT, .OW, .SS, .US: 2
        case .FL, .OF, .OL, .SL, .UL: 4
        case .FD, .OD, .OV, .SV, .UV: 8
        default: 1
        }
    }
}
