/// Value representations (PS3.5 section 6.2). The raw value is the two letters, first letter in the high byte.
public enum VR: UInt16, Sendable, CaseIterable, CustomStringConvertible {
    // The standard's own spelling.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case AE = 0x4145
    case AS = 0x4153
    case AT = 0x4154
    case CS = 0x4353
    case DA = 0x4441
    case DS = 0x4453
    case DT = 0x4454
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case FD = 0x4644
    case FL = 0x464c
    case IS = 0x4953
    case LO = 0x4c4f
    case LT = 0x4c54
    case OB = 0x4f42
    case OD = 0x4f44
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case OF = 0x4f46
    case OL = 0x4f4c
    case OV = 0x4f56
    case OW = 0x4f57
    case PN = 0x504e
    case SH = 0x5348
    case SL = 0x534c
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case SQ = 0x5351
    case SS = 0x5353
    case ST = 0x5354
    case SV = 0x5356
    case TM = 0x544d
    case UC = 0x5543
    case UI = 0x5549
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case UL = 0x554c
    case UN = 0x554e
    case UR = 0x5552
    case US = 0x5553
    case UT = 0x5554
    case UV = 0x5556

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
