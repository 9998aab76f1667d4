/// How a data set and its pixels are written (PS3.5 section 10, PS3.6 table A-1).
public struct TransferSyntax: Sendable, Hashable, CustomStringConvertible {
    public let uid: String
    public let name: String
    public let isExplicit: Bool
    public let isBigEndian: Bool
    public let isDeflated: Bool
    /// Whether pixel data stands as compressed fragments.
    public let isEncapsulated: Bool
    /// Whether decoding gives the very samples that were encoded.
    public let isLossless: Bool

    private init(
        _ suffix: String, _ name: String, explicit: Bool = true, bigEndian: Bool = false, deflated: Bool = false,
        encapsulated: Bool = false, lossless: Bool = true
    ) {
        uid = "1.2.840.10008.1.2" + suffix
        self.name = name
        isExplicit = explicit
        isBigEndian = bigEndian
        isDeflated = deflated
        isEncapsulated = encapsulated
        isLossless = lossless
    }

    public var description: String { name }

    /// A syntax that this build does not know: by PS3.5 section 10 it is explicit little endian, its pixels
    /// compressed in some way.
    package init(unknown uid: String) {
        self.uid = uid
        name = UIDNames.name(of: uid) ?? "Unknown transfer syntax"
        isExplicit = true
        isBigEndian = false
        isDeflated = false
        isEncapsulated = true
        isLossless = false
    }

    /// The syntax of a UID, nil when this build does not know it.
    public init?(uid: String) {
        guard let known = Self.byUID[uid] else { return nil }
        self = known
    }

    public static let implicitVRLittleEndian = Self("", "Implicit VR Little Endian", explicit: false)
    public static let explicitVRLittleEndian = Self(".1", "Explicit VR Little Endian")
    public static let deflatedExplicitVRLittleEndian = Self(
        ".1.99", "Deflated Explicit VR Little Endian", deflated: true)
    public static let explicitVRBigEndian = Self(".2", "Explicit VR Big Endian", bigEndian: true)
    public static let jpegBaseline8Bit = compressed(".4.50", "JPEG Baseline (Process 1)", lossless: false)
    public static let jpegExtended12Bit = compressed(".4.51", "JPEG Extended (Process 2 & 4)", lossless: false)
    public static let jpegLossless = compressed(".4.57", "JPEG Lossless (Process 14)")
    public static let jpegLosslessSV1 = compressed(".4.70", "JPEG Lossless (Process 14, SV1)")
    public static let jpegLSLossless = compressed(".4.80", "JPEG-LS Lossless")
    public static let jpegLSNearLossless = compressed(".4.81", "JPEG-LS Near-lossless", lossless: false)
    public static let jpeg2000Lossless = compressed(".4.90", "JPEG 2000 (Lossless Only)")
    public static let jpeg2000 = compressed(".4.91", "JPEG 2000", lossless: false)
    public static let htj2kLossless = compressed(".4.201", "HTJ2K (Lossless Only)")
    public static let htj2kLosslessRPCL = compressed(".4.202", "HTJ2K RPCL (Lossless Only)")
    public static let htj2k = compressed(".4.203", "HTJ2K", lossless: false)
    public static let rleLossless = compressed(".5", "RLE Lossless")
    public static let deflatedImageFrame = compressed(".8.1", "Deflated Image Frame Compression")

    private static func compressed(_ suffix: String, _ name: String, lossless: Bool = true) -> Self {
        Self(suffix, name, encapsulated: true, lossless: lossless)
    }

    public static let all: [TransferSyntax] = [
        .implicitVRLittleEndian, .explicitVRLittleEndian, .deflatedExplicitVRLittleEndian, .explicitVRBigEndian,
        .jpegBaseline8Bit, .jpegExtended12Bit, .jpegLossless, .jpegLosslessSV1, .jpegLSLossless,
        .jpegLSNearLossless, .jpeg2000Lossless, .jpeg2000, .htj2kLossless, .htj2kLosslessRPCL, .htj2k,
        .rleLossless, .deflatedImageFrame,
    ]

    private static let byUID = Dictionary(uniqueKeysWithValues: all.map { ($0.uid, $0) })
}
