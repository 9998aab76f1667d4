/// How an operation ended or goes on (PS3.7 annex C, and each service's section of PS3.4).
public struct DIMSEStatus: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let success = Self(rawValue: 0x0000)
    public static let cancelled = Self(rawValue: 0xfe00)
    public static let pending = Self(rawValue: 0xff00)
    public static let subOperationsFailed = Self(rawValue: 0xb000)

    public static let processingFailure = Self(rawValue: 0x0110)
    public static let duplicateInstance = Self(rawValue: 0x0111)
    public static let noSuchInstance = Self(rawValue: 0x0112)
    public static let invalidInstance = Self(rawValue: 0x0117)
    public static let classInstanceConflict = Self(rawValue: 0x0119)
    public static let missingAttribute = Self(rawValue: 0x0120)
    public static let noSuchAction = Self(rawValue: 0x0123)
    public static let notAuthorized = Self(rawValue: 0x0124)
    public static let unrecognizedOperation = Self(rawValue: 0x0211)

    public static let outOfResources = Self(rawValue: 0xa700)
    public static let cannotCountMatches = Self(rawValue: 0xa701)
    public static let cannotPerformSubOperations = Self(rawValue: 0xa702)
    public static let unknownDestination = Self(rawValue: 0xa801)
    /// Of C-STORE: the data set is not the one that the command announces; of the others: the identifier is none.
    public static let dataSetMismatch = Self(rawValue: 0xa900)
    public static let cannotUnderstand = Self(rawValue: 0xc000)

    public var isPending: Bool { rawValue & 0xfffe == 0xff00 }
    public var isWarning: Bool {
        rawValue == 0x0001 || rawValue & 0xf000 == 0xb000 || rawValue == 0x0107 || rawValue == 0x0116
    }
    public var isSuccess: Bool { rawValue == 0 }

    /// `0xA700 (out of resources)`.
    public var description: String {
        let digits = String(rawValue, radix: 16, uppercase: true)
        let number = "0x" + String(repeating: "0", count: 4 - digits.count) + digits
        return words.map { "\(number) (\($0))" } ?? number
    }

    private var words: String? {
        switch rawValue {
        case 0x0000: "success"
        case 0x0110: "processing failure"
        case 0x0111: "another instance is stored under this UID"
        case 0x0112: "no such instance"
        case 0x0117: "invalid SOP instance"
        case 0x0119: "the instance is of another class"
        case 0x0120: "missing attribute"
        case 0x0122: "SOP class not supported"
        case 0x0124: "not authorized"
        case 0x0211: "unrecognized operation"
        case 0x0213: "resource limitation"
        case 0xa700...0xa7ff: "out of resources"
        case 0xa801: "the move destination is unknown to the other side"
        case 0xa900...0xa9ff: "the data set or identifier does not match the SOP class"
        case 0xb000: "some sub-operations failed"
        case 0xb007: "the data set does not match the SOP class, but was kept"
        case 0xb006: "elements discarded"
        case 0xc000...0xcfff: "the other side cannot understand it"
        case 0xfe00: "cancelled"
        case 0xff00, 0xff01: "pending"
        default: nil
        }
    }
}
