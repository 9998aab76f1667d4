/// What the samples of a pixel mean (PS3.3 C.7.6.3.1.2). The raw value is the DICOM term.
public enum PhotometricInterpretation: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case monochrome1 = "MONOCHROME1"
    case monochrome2 = "MONOCHROME2"
    case paletteColor = "PALETTE COLOR"
    case rgb = "RGB"
    case ybrFull = "YBR_FULL"
    case ybrFull422 = "YBR_FULL_422"
    case ybrPartial422 = "YBR_PARTIAL_422"
    case ybrPartial420 = "YBR_PARTIAL_420"
    case ybrRCT = "YBR_RCT"
    case ybrICT = "YBR_ICT"
    case xyb = "XYB"
    case hsv = "HSV"
    case argb = "ARGB"
    case cmyk = "CMYK"

    public var description: String { rawValue }

    public var isMonochrome: Bool { self == .monochrome1 || self == .monochrome2 }

    /// How many samples a pixel must have (PS3.3 C.7.6.3.1.1).
    public var samplesPerPixel: Int {
        switch self {
        case .monochrome1, .monochrome2, .paletteColor: 1
        case .argb, .cmyk: 4
        default: 3
        }
    }

    /// Whether two neighbours share their colour when the pixels are not compressed.
    var isSubsampled: Bool { self == .ybrFull422 || self == .ybrPartial422 }
}
