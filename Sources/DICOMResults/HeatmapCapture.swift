public import DICOM
import Imaging
public import LightboxCore

/// An image with a heat map laid over it, as a secondary capture: what every viewer shows.
public struct HeatmapCapture: Sendable {
    public let source: SourceImage
    /// From 1; nil for an image with a single one.
    public let frame: Int?
    public let label: String
    public let picture: Image
    public let authorship: Authorship
    /// Tells several pictures of one image apart in a viewer's list.
    public var instanceNumber: Int?

    static let sopClassUID = "1.2.840.10008.5.1.4.1.1.7"

    /// - Parameter picture: source and map together, of any size; it is written as RGB of 8 bits.
    public init(
        _ picture: Image, of label: String, in source: SourceImage, frame: Int? = nil, by authorship: Authorship
    ) {
        precondition(picture.width <= 65_535 && picture.height <= 65_535)
        self.picture = picture
        self.label = label
        self.source = source
        self.frame = frame
        self.authorship = authorship
    }

    public var key: InstanceKey {
        ResultUID.key("capture", source, authorship.algorithm, [source.place(frame: frame), label])
    }

    public func file() -> DICOMFile {
        let header = ResultHeader(
            source: source, authorship: authorship, sopClassUID: Self.sopClassUID, modality: "OT",
            seriesNumber: 9102, seriesDescription: "Heat maps of \(authorship.algorithm.name)", key: key,
            instanceNumber: instanceNumber)
        return header.file(image + origin + pixels)
    }

    /// The body part stays out: with it, whether a laterality may stand depends on which parts come in pairs.
    private var image: [Element] {
        let orientation = source.dataSet.inUTF8(.patientOrientation) ?? .text(.patientOrientation, "")
        return [
            .text(.conversionType, "WSD"),
            .text(.imageType, "DERIVED", "SECONDARY"),
            orientation, source.dataSet.inUTF8(.laterality) ?? .text(.laterality, ""),
            .text(.imageComments, Authorship.statement),
        ] + burnedIn + spacing
            + ResultHeader.lossyCompression(source)
    }

    /// Nothing is written into the picture, but what stood in the source's pixels is there still.
    private var burnedIn: [Element] {
        [.burnedInAnnotation, .recognizableVisualFeatures].compactMap(source.dataSet.inUTF8)
    }

    /// A picture of the source's size has the source's pixels.
    private var spacing: [Element] {
        guard picture.width == source.dataSet.int(.columns), picture.height == source.dataSet.int(.rows),
            source.dataSet.doubles(.pixelSpacing).count(where: { $0 > 0 }) == 2
        else { return [] }
        return [Tag.pixelSpacing, .pixelSpacingCalibrationType, .pixelSpacingCalibrationDescription]
            .compactMap(source.dataSet.inUTF8)
    }

    private var origin: [Element] {
        let algorithm = authorship.algorithm
        var reference = source.reference(frame: frame)
        reference[.purposeOfReferenceCodeSequence] = .sequence(
            .purposeOfReferenceCodeSequence, [Code.sourceOfProcessing.item])
        let text = "Heat map of \(label) over the source image, by \(algorithm.name) \(algorithm.version)"
        return [
            .text(.derivationDescription, text.fitting(1024)),
            .sequence(.sourceImageSequence, [reference]),
        ]
    }

    private var pixels: [Element] {
        let isReady = picture.channels == 3 && picture.bitsPerSample == 8
        guard case .uint8(let samples) = (isReady ? picture : picture.converted(toChannels: 3)).samples else {
            preconditionFailure("a converted image has eight bits")
        }
        return [
            .uint16(.samplesPerPixel, 3), .text(.photometricInterpretation, "RGB"),
            .uint16(.planarConfiguration, 0),
            .uint16(.rows, UInt16(picture.height)), .uint16(.columns, UInt16(picture.width)),
            .uint16(.bitsAllocated, 8), .uint16(.bitsStored, 8), .uint16(.highBit, 7),
            .uint16(.pixelRepresentation, 0), .bytes(.pixelData, samples, vr: .OB),
        ]
    }
}

extension Code {
    static let sourceOfProcessing = Code("121322", "DCM", "Source image for image processing operation")
}
