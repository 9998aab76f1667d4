public import DICOM
public import LightboxCore

/// Heat maps as a segmentation: a segment for each label, eight bits a pixel that stand for 0...1.
///
/// Of an image without a frame of reference, as a plain film, the maps lie on the image's own pixels.
public struct HeatmapSegmentation: Sendable {
    /// Where in one frame a label's score comes from.
    public struct Map: Sendable {
        public var label: String
        /// From 1; nil for an image with a single one.
        public var frame: Int?
        /// Grey, 8 bits, of the source's rows and columns; 255 stands for 1.
        public var values: Image

        public init(_ label: String, frame: Int? = nil, values: Image) {
            self.label = label
            self.frame = frame
            self.values = values
        }
    }

    public let source: SourceImage
    public let maps: [Map]
    public let authorship: Authorship

    static let sopClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    /// In the order of their first map.
    let labels: [String]

    /// - Precondition: at least one map; each has the source's size and 8 bits.
    public init(_ maps: [Map], in source: SourceImage, by authorship: Authorship) {
        let size = (source.dataSet.int(.rows), source.dataSet.int(.columns))
        precondition(
            !maps.isEmpty
                && maps.allSatisfy { (map: Map) -> Bool in
                    map.values.channels == 1 && map.values.bitsPerSample == 8
                        && (map.values.height, map.values.width) == (size.0 ?? 0, size.1 ?? 0)
                })
        var labels: [String] = []
        for map in maps where !labels.contains(map.label) { labels.append(map.label) }
        self.labels = labels
        self.maps = maps
        self.source = source
        self.authorship = authorship
    }

    public var key: InstanceKey { Self.key(of: source, frames: maps.map(\.frame), authorship.algorithm) }

    /// The UIDs that the maps of these frames will have; which labels they are of is the model's own affair.
    public static func key(
        of source: SourceImage, frames: [Int?], _ algorithm: Authorship.Algorithm
    ) -> InstanceKey {
        let places = Set(frames.map { source.place(frame: $0) }).sorted()
        return ResultUID.key("segmentation", source, algorithm, places)
    }

    public func file() -> DICOMFile {
        let header = ResultHeader(
            source: source, authorship: authorship, sopClassUID: Self.sopClassUID, modality: "SEG",
            seriesNumber: 9103, seriesDescription: "Heat maps of \(authorship.algorithm.name)", key: key)
        let hasOwnCodes = labels.contains { Code.label($0).scheme == Code.ownScheme }
        return header.file(
            image + segments + functionalGroups + references
                + (hasOwnCodes ? [PredictionReport.schemes] : []) + pixels)
    }

    /// PS3.3 C.8.20.2.
    private var image: [Element] {
        [
            .text(.imageType, "DERIVED", "PRIMARY"),
            source.dataSet.inUTF8(.patientOrientation) ?? .text(.patientOrientation, ""),
            .text(.contentLabel, "HEATMAPS"),
            .text(.contentDescription, "Where scores come from; not for diagnostic use"),
            .text(.contentCreatorName, ""),
            .text(.imageComments, Authorship.statement),
            .text(.segmentationType, "FRACTIONAL"),
            .text(.segmentationFractionalType, "PROBABILITY"),
            .uint16(.maximumFractionalValue, 255),
        ] + ResultHeader.lossyCompression(source)
    }

    private var segments: [Element] {
        let algorithm = authorship.algorithm
        let identification = DataSet([
            .sequence(.algorithmFamilyCodeSequence, [Code.artificialIntelligence.item]),
            .text(.algorithmName, algorithm.name.fitting(64)),
            .text(.algorithmVersion, algorithm.version.fitting(64)),
            .text(.algorithmParameters, algorithm.allParameters.joined(separator: "; ").fitting(10_240)),
        ])
        let items = labels.enumerated().map { index, label in
            DataSet([
                .uint16(.segmentNumber, UInt16(index + 1)),
                .text(.segmentLabel, label.fitting(64)),
                .text(.segmentAlgorithmType, "AUTOMATIC"),
                .text(.segmentAlgorithmName, algorithm.name.fitting(64)),
                .sequence(.segmentationAlgorithmIdentificationSequence, [identification]),
                .sequence(.segmentedPropertyCategoryCodeSequence, [Code.abnormalStructure.item]),
                .sequence(.segmentedPropertyTypeCodeSequence, [Code.label(label).item]),
            ])
        }
        return [.sequence(.segmentSequence, items)]
    }

    /// Common Instance Reference (PS3.3 C.12.2).
    private var references: [Element] {
        let series = DataSet([
            .text(.seriesInstanceUID, source.seriesInstanceUID),
            .sequence(.referencedInstanceSequence, [source.reference()]),
        ])
        return [.sequence(.referencedSeriesSequence, [series])]
    }

    private var pixels: [Element] {
        var samples: [UInt8] = []
        samples.reserveCapacity(maps.count * maps[0].values.samples.count)
        for map in maps {
            if case .uint8(let values) = map.values.samples { samples += values }
        }
        return [
            .uint16(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"),
            .uint16(.rows, UInt16(maps[0].values.height)), .uint16(.columns, UInt16(maps[0].values.width)),
            .uint16(.bitsAllocated, 8), .uint16(.bitsStored, 8), .uint16(.highBit, 7),
            .uint16(.pixelRepresentation, 0), .bytes(.pixelData, samples, vr: .OB),
        ]
    }
}

extension Code {
    static let abnormalStructure = Code("49755003", "SCT", "Morphologically Abnormal Structure")
}
