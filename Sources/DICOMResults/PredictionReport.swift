public import DICOM
public import LightboxCore

/// A model's scores of one study's images as a structured report: Comprehensive SR after the template Measurement
/// Report (PS3.16 TID 1500), a measurement group (TID 1501) for each image or frame.
///
/// The document counts as unverified and says that it is not for diagnostic use.
public struct PredictionReport: Sendable {
    /// What the model says of one label.
    public struct Score: Sendable, Hashable {
        public var label: String
        /// 0...1.
        public var probability: Float
        /// Whether it reaches the label's threshold; nil for a label without one.
        public var isFound: Bool?

        public init(_ label: String, _ probability: Float, isFound: Bool? = nil) {
            self.label = label
            self.probability = probability
            self.isFound = isFound
        }
    }

    /// The scores of one image.
    public struct Group: Sendable {
        public var source: SourceImage
        /// From 1; nil for an image with a single one.
        public var frame: Int?
        public var scores: [Score]
        /// What else is to be said, one sentence each.
        public var remarks: [String]

        public init(_ source: SourceImage, frame: Int? = nil, scores: [Score], remarks: [String] = []) {
            self.source = source
            self.frame = frame
            self.scores = scores
            self.remarks = remarks
        }
    }

    public let groups: [Group]
    public let authorship: Authorship
    /// Whether the document speaks of every image and frame that it is about.
    public var isComplete = true

    static let sopClassUID = "1.2.840.10008.5.1.4.1.1.88.33"

    /// - Precondition: at least one group, all of the same study.
    public init(_ groups: [Group], by authorship: Authorship) {
        precondition(Set(groups.map(\.source.studyInstanceUID)).count == 1, "one study in a report")
        self.groups = groups
        self.authorship = authorship
    }

    /// The UIDs that the report will have; the scores and the time do not matter.
    public var key: InstanceKey { Self.key(groups.map { ($0.source, $0.frame) }, authorship.algorithm) }

    /// The same before anything is computed.
    public static func key(
        _ images: [(source: SourceImage, frame: Int?)], _ algorithm: Authorship.Algorithm
    ) -> InstanceKey {
        ResultUID.key(
            "report", images[0].source, algorithm, images.map { $0.source.place(frame: $0.frame) })
    }

    /// - Throws: `DICOMError` for a score that is no number.
    public func file() throws -> DICOMFile {
        for score in groups.flatMap(\.scores) where !score.probability.isFinite {
            throw DICOMError(
                .invalidAttribute, tag: .numericValue, "The model gives a score that is not a number.")
        }
        let tree = content
        let header = ResultHeader(
            source: groups[0].source, authorship: authorship, sopClassUID: Self.sopClassUID, modality: "SR",
            seriesNumber: 9101, seriesDescription: "Predictions of \(authorship.algorithm.name)", key: key)
        return header.file(document + (tree.usesOwnScheme ? [Self.schemes] : []) + tree.rootElements)
    }

    static let schemes = Element.sequence(.codingSchemeIdentificationSequence, [Code.ownSchemeItem])

    /// The SR document's own attributes (PS3.3 C.17.2).
    private var document: [Element] {
        [
            .text(.completionFlag, isComplete ? "COMPLETE" : "PARTIAL"),
            .text(.completionFlagDescription, isComplete ? "All images are scored" : "Some frames are not scored"),
            .text(.verificationFlag, "UNVERIFIED"),
            .text(.preliminaryFlag, "PRELIMINARY"),
            .sequence(.referencedPerformedProcedureStepSequence, []),
            .sequence(.performedProcedureCodeSequence, []),
            .sequence(.currentRequestedProcedureEvidenceSequence, [evidence]),
        ]
    }

    /// The images, by study and series, each once.
    private var evidence: DataSet {
        var series: [(uid: String, instances: [(uid: String, item: DataSet)])] = []
        for source in groups.map(\.source) {
            let place = series.firstIndex { $0.uid == source.seriesInstanceUID } ?? series.count
            if place == series.count { series.append((source.seriesInstanceUID, [])) }
            guard !series[place].instances.contains(where: { $0.uid == source.sopInstanceUID }) else { continue }
            series[place].instances.append((source.sopInstanceUID, source.reference()))
        }
        return DataSet([
            .text(.studyInstanceUID, groups[0].source.studyInstanceUID),
            .sequence(
                .referencedSeriesSequence,
                series.map { series in
                    DataSet([
                        .text(.seriesInstanceUID, series.uid),
                        .sequence(.referencedSOPSequence, series.instances.map(\.item)),
                    ])
                }),
        ])
    }
}
