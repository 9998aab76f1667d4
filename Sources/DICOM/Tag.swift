/// The name of a DICOM attribute: group and element number (PS3.5 section 7.1).
public struct Tag: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Group in the upper sixteen bits, element in the lower.
    public let number: UInt32

    public init(_ group: UInt16, _ element: UInt16) {
        number = UInt32(group) << 16 | UInt32(element)
    }

    public init(number: UInt32) { self.number = number }

    public var group: UInt16 { UInt16(truncatingIfNeeded: number >> 16) }
    public var element: UInt16 { UInt16(truncatingIfNeeded: number) }
    /// Odd groups belong to whoever reserved the block (PS3.5 section 7.8).
    public var isPrivate: Bool { group & 1 == 1 }

    public static func < (left: Tag, right: Tag) -> Bool { left.number < right.number }

    /// `(0010,0020)`.
    public var description: String { "(\(hexadecimal(group)),\(hexadecimal(element)))" }
}

private func hexadecimal(_ number: UInt16) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
}

extension Tag {
    public static let fileMetaInformationGroupLength = Tag(0x0002, 0x0000)
    public static let fileMetaInformationVersion = Tag(0x0002, 0x0001)
    public static let mediaStorageSOPClassUID = Tag(0x0002, 0x0002)
    public static let mediaStorageSOPInstanceUID = Tag(0x0002, 0x0003)
    public static let transferSyntaxUID = Tag(0x0002, 0x0010)
    public static let implementationClassUID = Tag(0x0002, 0x0012)
    public static let implementationVersionName = Tag(0x0002, 0x0013)

    public static let specificCharacterSet = Tag(0x0008, 0x0005)
    public static let imageType = Tag(0x0008, 0x0008)
    public static let sopClassUID = Tag(0x0008, 0x0016)
    public static let sopInstanceUID = Tag(0x0008, 0x0018)
    public static let studyDate = Tag(0x0008, 0x0020)
    public static let seriesDate = Tag(0x0008, 0x0021)
    public static let studyTime = Tag(0x0008, 0x0030)
    public static let accessionNumber = Tag(0x0008, 0x0050)
    public static let modality = Tag(0x0008, 0x0060)
    public static let manufacturer = Tag(0x0008, 0x0070)
    public static let institutionName = Tag(0x0008, 0x0080)
    public static let studyDescription = Tag(0x0008, 0x1030)
    public static let seriesDescription = Tag(0x0008, 0x103e)
    public static let manufacturerModelName = Tag(0x0008, 0x1090)
    public static let referencedSOPClassUID = Tag(0x0008, 0x1150)
    public static let referencedSOPInstanceUID = Tag(0x0008, 0x1155)
    public static let retrieveURL = Tag(0x0008, 0x1190)
    public static let failureReason = Tag(0x0008, 0x1197)
    public static let failedSOPSequence = Tag(0x0008, 0x1198)
    public static let referencedSOPSequence = Tag(0x0008, 0x1199)
    public static let otherFailuresSequence = Tag(0x0008, 0x119a)

    public static let patientName = Tag(0x0010, 0x0010)
    public static let patientID = Tag(0x0010, 0x0020)
    public static let patientBirthDate = Tag(0x0010, 0x0030)
    public static let patientSex = Tag(0x0010, 0x0040)
    public static let patientAge = Tag(0x0010, 0x1010)

    public static let bodyPartExamined = Tag(0x0018, 0x0015)
    public static let viewPosition = Tag(0x0018, 0x5101)

    public static let studyInstanceUID = Tag(0x0020, 0x000d)
    public static let seriesInstanceUID = Tag(0x0020, 0x000e)
    public static let studyID = Tag(0x0020, 0x0010)
    public static let seriesNumber = Tag(0x0020, 0x0011)
    public static let instanceNumber = Tag(0x0020, 0x0013)
    public static let patientOrientation = Tag(0x0020, 0x0020)

    public static let samplesPerPixel = Tag(0x0028, 0x0002)
    public static let photometricInterpretation = Tag(0x0028, 0x0004)
    public static let planarConfiguration = Tag(0x0028, 0x0006)
    public static let numberOfFrames = Tag(0x0028, 0x0008)
    public static let rows = Tag(0x0028, 0x0010)
    public static let columns = Tag(0x0028, 0x0011)
    public static let pixelSpacing = Tag(0x0028, 0x0030)
    public static let bitsAllocated = Tag(0x0028, 0x0100)
    public static let bitsStored = Tag(0x0028, 0x0101)
    public static let highBit = Tag(0x0028, 0x0102)
    public static let pixelRepresentation = Tag(0x0028, 0x0103)
    public static let smallestImagePixelValue = Tag(0x0028, 0x0106)
    public static let largestImagePixelValue = Tag(0x0028, 0x0107)
    public static let pixelPaddingValue = Tag(0x0028, 0x0120)
    public static let windowCenter = Tag(0x0028, 0x1050)
    public static let windowWidth = Tag(0x0028, 0x1051)
    public static let rescaleIntercept = Tag(0x0028, 0x1052)
    public static let rescaleSlope = Tag(0x0028, 0x1053)
    public static let rescaleType = Tag(0x0028, 0x1054)
    public static let voiLUTFunction = Tag(0x0028, 0x1056)
    public static let redPaletteColorLookupTableDescriptor = Tag(0x0028, 0x1101)
    public static let greenPaletteColorLookupTableDescriptor = Tag(0x0028, 0x1102)
    public static let bluePaletteColorLookupTableDescriptor = Tag(0x0028, 0x1103)
    public static let redPaletteColorLookupTableData = Tag(0x0028, 0x1201)
    public static let greenPaletteColorLookupTableData = Tag(0x0028, 0x1202)
    public static let bluePaletteColorLookupTableData = Tag(0x0028, 0x1203)
    public static let modalityLUTSequence = Tag(0x0028, 0x3000)
    public static let lutDescriptor = Tag(0x0028, 0x3002)
    public static let lutData = Tag(0x0028, 0x3006)
    public static let voiLUTSequence = Tag(0x0028, 0x3010)
    public static let presentationLUTShape = Tag(0x2050, 0x0020)

    public static let floatPixelData = Tag(0x7fe0, 0x0008)
    public static let doubleFloatPixelData = Tag(0x7fe0, 0x0009)
    public static let pixelData = Tag(0x7fe0, 0x0010)

    /// The three that delimit items and sequences (PS3.5 section 7.5).
    public static let item = Tag(0xfffe, 0xe000)
    public static let itemDelimitation = Tag(0xfffe, 0xe00d)
    public static let sequenceDelimitation = Tag(0xfffe, 0xe0dd)
}
