import DICOM
import DICOMResults
import LightboxCore
import Testing

@Suite("Heat maps as a segmentation") struct HeatmapSegmentationTests {
    @Test("Has segments, frames and geometry as highdicom writes them", arguments: Case.all)
    func equalsReference(_ example: Case) throws {
        // highdicom writes none for several frames without a frame of reference; the next test has those.
        guard let expected = example.segmentation else {
            #expect(example.file == "frames.dcm")
            return
        }
        let written = try segmentation(of: example.source()).file().reread()
        #expect(written.text("SegmentationType") == "FRACTIONAL")
        #expect(written.text("SegmentationFractionalType") == "PROBABILITY")
        #expect(written.text("MaximumFractionalValue") == "255")
        #expect(written.items("SegmentSequence").map(segment) == expected.segments)
        #expect(written.text("FrameOfReferenceUID") == expected.frameOfReference)
        #expect(frames(of: written) == expected.frames)
        let series = written.item("ReferencedSeriesSequence")
        let instance = series.item("ReferencedInstanceSequence").text("ReferencedSOPInstanceUID")
        #expect([series.text("SeriesInstanceUID"), instance] == expected.instances)
        let shared = written.item("SharedFunctionalGroupsSequence")
        #expect(shared.item("PixelMeasuresSequence").numbers("PixelSpacing") == expected.spacing ?? [])
        #expect(
            shared.item("PlaneOrientationSequence").numbers("ImageOrientationPatient") == expected.orientation
                ?? [])
    }

    @Test("Numbers the frames of an image without a frame of reference")
    func numbersFrames() throws {
        let written = try segmentation(of: Case.named("frames").source()).file().reread()
        #expect(!written.has("FrameOfReferenceUID"))
        let frames = frames(of: written)
        #expect(frames.map(\.segment) == [1, 1, 1, 2, 2, 2])
        #expect(frames.map(\.sourceFrame) == [1, 2, 3, 1, 2, 3])
        // The sum of 0, 5 … 235 is 5,640; a later frame's values are larger by 3 and begin anew at 256.
        #expect(frames[0].sum == 5640)
        #expect(frames[1].sum == 5640 + 48 * 3)
        let places = written.items("PerFrameFunctionalGroupsSequence").map {
            $0.item("FrameContentSequence").numbers("DimensionIndexValues")
        }
        #expect(places == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]])
    }

    @Test("Orders the slices of a volume by their place, not by their number")
    func ordersByPosition() throws {
        let written = try segmentation(of: Case.named("volume").source()).file().reread()
        let places = written.items("PerFrameFunctionalGroupsSequence").map {
            $0.item("FrameContentSequence").numbers("DimensionIndexValues")
        }
        #expect(places == [[1, 2], [1, 1], [2, 2], [2, 1]])
    }

    @Test("Keeps to the pixels where the geometry is not whole")
    func withoutWholeGeometry() throws {
        var dataSet = try Case.named("slice").source().dataSet
        dataSet[DICOM.Tag(0x0020, 0x0037)] = nil
        let written = try segmentation(of: SourceImage(dataSet)).file().reread()
        #expect(!written.has("FrameOfReferenceUID"))
        #expect(written.item("SharedFunctionalGroupsSequence").elements.isEmpty)
    }

    private func segment(_ item: DataSet) -> [String] {
        [item.text("SegmentLabel"), item.text("SegmentAlgorithmType"), item.text("SegmentAlgorithmName")]
            + [
                item.item("SegmentedPropertyCategoryCodeSequence").code,
                item.item("SegmentedPropertyTypeCodeSequence").code,
            ]
    }

    /// By segment and source frame, as the script sorts them.
    private func frames(of written: DataSet) -> [Case.Segmentation.Frame] {
        let pixels = written.bytes(.pixelData)?.array ?? []
        return written.items("PerFrameFunctionalGroupsSequence").enumerated().map { index, group in
            let derivation = group.item("DerivationImageSequence")
            let reference = derivation.item("SourceImageSequence")
            let position = group.items("PlanePositionSequence").first?.numbers("ImagePositionPatient")
            return Case.Segmentation.Frame(
                segment: Int(group.item("SegmentIdentificationSequence").text("ReferencedSegmentNumber")) ?? 0,
                source: reference.text("ReferencedSOPInstanceUID"),
                sourceFrame: Int(reference.text("ReferencedFrameNumber")) ?? 0,
                purpose: reference.item("PurposeOfReferenceCodeSequence").code,
                derivation: derivation.item("DerivationCodeSequence").code,
                sum: pixels[(48 * index)..<(48 * index + 48)].reduce(0) { $0 + Int($1) }, position: position)
        }.sorted { ($0.segment, $0.sourceFrame) < ($1.segment, $1.sourceFrame) }
    }
}

@Suite("Heat maps as a secondary capture") struct HeatmapCaptureTests {
    private let samples = (0..<144).map { UInt8($0) }
    private var picture: Image { Image(width: 8, height: 6, channels: 3, samples: .uint8(samples)) }

    @Test("Holds the picture, and says what it was made of")
    func holdsPicture() throws {
        let source = try Case.named("film").source()
        let written = try HeatmapCapture(picture, of: "Pneumonia", in: source, by: author()).file().reread()
        #expect(written.bytes(.pixelData)?.array == samples)
        #expect(written.text("PhotometricInterpretation") == "RGB")
        #expect(written.text("ImageType") == "DERIVED\\SECONDARY")
        let reference = written.item("SourceImageSequence")
        #expect(reference.text("ReferencedSOPInstanceUID") == source.sopInstanceUID)
        #expect(reference.text("ReferencedSOPClassUID") == source.sopClassUID)
        #expect(
            written.text("DerivationDescription") == "Heat map of Pneumonia over the source image, by chest v3")
        #expect(written.text("ImageComments").hasSuffix("not for diagnostic use."))
        #expect(written.text("BurnedInAnnotation") == "NO")
        #expect(written.text("PatientOrientation") == "L\\F")
        #expect(written.text("PatientName") == "Yamada^Tarou=山田^太郎=やまだ^たろう")
        #expect(SourceImage.isResult(written))
    }

    @Test("Grey pictures and deep ones become RGB of 8 bits")
    func convertsPicture() throws {
        let grey = Image(width: 2, height: 1, channels: 1, samples: .uint16([0, 65_535]))
        let capture = HeatmapCapture(grey, of: "Pneumonia", in: try Case.named("bare").source(), by: author())
        #expect(try capture.file().reread().bytes(.pixelData)?.array == [0, 0, 0, 255, 255, 255])
    }

    @Test("Says that the source lost something, and has its spacing where it has its pixels")
    func keepsFacts() throws {
        let lossy = HeatmapCapture(picture, of: "A", in: try Case.named("utf8").source(), by: author())
        let written = try lossy.file().reread()
        #expect(written.text("LossyImageCompression") == "01")
        #expect(written.text("LossyImageCompressionRatio") == "12.5")
        let slice = try Case.named("slice").source()
        #expect(
            try HeatmapCapture(picture, of: "A", in: slice, by: author()).file().reread().numbers("PixelSpacing")
                == [0.5, 0.75])
        let small = Image(width: 4, height: 3, channels: 3, samples: .uint8(Array(repeating: 0, count: 36)))
        #expect(try !HeatmapCapture(small, of: "A", in: slice, by: author()).file().reread().has("PixelSpacing"))
    }

    @Test("Each label and each frame has an instance of its own, in one series")
    func hasOwnUIDs() throws {
        let source = try Case.named("frames").source()
        let keys = [("A", 1), ("B", 1), ("A", 2)].map {
            HeatmapCapture(picture, of: $0, in: source, frame: $1, by: author()).key
        }
        #expect(Set(keys.map(\.instance)).count == 3)
        #expect(Set(keys.map(\.series)).count == 1)
    }
}

@Suite("Codes of labels") struct LabelCodeTests {
    @Test(
        "Standard where there is one, whatever the spelling",
        arguments: [
            ("Pleural Effusion", "60046008", "SCT"), ("pleural_effusion", "60046008", "SCT"),
            ("Lung Opacity", "112001", "DCM"), ("Pneumothorax", "36118008", "SCT"),
            ("No Finding", "No Finding", "99LIGHTBOX"), ("daisy", "daisy", "99LIGHTBOX"),
            ("a\\b", "a/b", "99LIGHTBOX"), ("", "unnamed", "99LIGHTBOX"),
        ])
    func ofLabel(name: String, value: String, scheme: String) {
        let code = Code.label(name)
        #expect(code.value == value)
        #expect(code.scheme == scheme)
    }
}
