import DICOM
import LightboxCore

/// The attributes of a synthetic radiograph, by the modules of PS3.3 tables A.26-1 and A.2-1.
struct RadiographAttributes {
    private let radiograph: Radiograph
    private let layout: FileLayout

    init(_ radiograph: Radiograph, _ layout: FileLayout) {
        self.radiograph = radiograph
        self.layout = layout
    }

    var elements: [Element] {
        patient + study + series + equipment + image + anatomy + (layout.isComputedRadiography ? [] : digitalXRay)
            + display + pixels
    }

    private var patient: [Element] {
        let patient = radiograph.patient
        let age = String(radiograph.study.age)
        return [
            .text(.specificCharacterSet, "ISO_IR 100"),
            .text(.patientName, patient.name),
            .text(.patientID, patient.id),
            .text(.patientBirthDate, patient.birthDate.digits),
            .text(.patientSex, patient.sex.rawValue),
            .text(.patientAge, String(repeating: "0", count: 3 - age.count) + age + "Y"),
            .text(.patientComments, "Synthetic: this patient does not exist"),
        ]
    }

    private var study: [Element] {
        let study = radiograph.study
        return [
            .text(.studyInstanceUID, radiograph.identity.study),
            .text(.studyDate, study.date.digits),
            .text(.studyTime, time(study.time)),
            .text(.referringPhysicianName, ""),
            .text(.studyID, String(study.number)),
            .text(.accessionNumber, "LB\(radiograph.patient.number)-\(study.number)"),
            .text(.studyDescription, "Synthetic chest radiographs"),
        ]
    }

    /// `083005`.
    private func time(_ seconds: Int) -> String {
        let digits = String(1_000_000 + seconds / 3600 * 10_000 + seconds / 60 % 60 * 100 + seconds % 60)
        return String(digits.dropFirst())
    }

    private var series: [Element] {
        let number = radiograph.view == .lateral ? 2 : 1
        return [
            .text(.modality, layout.isComputedRadiography ? "CR" : "DX"),
            .text(.seriesInstanceUID, radiograph.identity.series),
            .int(.seriesNumber, number),
            .text(.seriesDescription, "Synthetic chest " + radiograph.view.rawValue),
            .text(.bodyPartExamined, "CHEST"),
            .text(.viewPosition, radiograph.view.rawValue),
        ]
    }

    private var equipment: [Element] {
        [
            .text(.manufacturer, "Lightbox Synthetic"),
            .text(.manufacturerModelName, "Phantom radiograph generator"),
            .text(.institutionName, "Synthetic data, no institution"),
            .text(.softwareVersions, "1"),
        ]
    }

    private var image: [Element] {
        let uid = layout.isComputedRadiography ? "1.2.840.10008.5.1.4.1.1.1" : "1.2.840.10008.5.1.4.1.1.1.1"
        let taken = time(radiograph.study.time + (radiograph.view == .lateral ? 95 : 40))
        return [
            .text(.sopClassUID, uid),
            .text(.sopInstanceUID, radiograph.identity.instance),
            .int(.instanceNumber, 1),
            .text(.imageType, "ORIGINAL", "PRIMARY", "", "SYNTHETIC"),
            .text(.acquisitionDate, radiograph.study.date.digits),
            .text(.acquisitionTime, taken),
            .text(.contentDate, radiograph.study.date.digits),
            .text(.contentTime, taken),
            .text(.patientOrientation, radiograph.view.isFrontal ? "L" : "P", "F"),
            .text(.burnedInAnnotation, "NO"),
            .text(.lossyImageCompression, "00"),
            .text(.imageComments, "Synthetic radiograph, not of a person"),
            .text(.kvp, radiograph.view == .anteroposterior ? "90" : "120"),
            .double(.imagerPixelSpacing, radiograph.spacingMillimetres, radiograph.spacingMillimetres),
        ]
    }

    private func code(_ value: String, _ meaning: String) -> DataSet {
        DataSet([
            .text(.codeValue, value), .text(.codingSchemeDesignator, "SCT"), .text(.codeMeaning, meaning),
        ])
    }

    private var anatomy: [Element] {
        guard !layout.isComputedRadiography else { return [] }
        let view =
            switch radiograph.view {
            case .posteroanterior: code("399348003", "postero-anterior")
            case .anteroposterior: code("399067008", "antero-posterior")
            case .lateral: code("399173006", "left lateral")
            }
        return [
            .text(.imageLaterality, "U"),
            .sequence(.anatomicRegionSequence, [code("51185008", "Chest")]),
            .sequence(.viewCodeSequence, [view]),
        ]
    }

    private var digitalXRay: [Element] {
        [
            .text(.presentationIntentType, "FOR PRESENTATION"),
            .text(.detectorType, "SCINTILLATOR"),
            .text(.positionerType, "NONE"),
            .text(.pixelIntensityRelationship, "LOG"),
            // Whether larger numbers mean more or less light (PS3.3 C.8.11.3.1.2).
            .int16(.pixelIntensityRelationshipSign, layout.isInverted ? 1 : -1),
            .sequence(.acquisitionContextSequence, []),
            .text(.presentationLUTShape, layout.isInverted ? "INVERSE" : "IDENTITY"),
        ]
    }

    /// Rescale, and window or look-up table.
    private var display: [Element] {
        var elements: [Element] = []
        if !layout.isComputedRadiography || layout.rescale.slope != 1 {
            elements += [
                .double(.rescaleSlope, layout.rescale.slope), .double(.rescaleIntercept, layout.rescale.intercept),
                .text(.rescaleType, "US"),
            ]
        }
        if layout.hasLookUpTable && layout.rescale.slope == 1 {
            let table = layout.lookUpTable
            elements.append(
                .sequence(
                    .voiLUTSequence,
                    [
                        DataSet([
                            .uint16(.lutDescriptor, UInt16(table.count), 0, 16), .text(.lutExplanation, "FILM"),
                            .words(.lutData, .OW, table),
                        ])
                    ]))
        } else {
            elements += [
                .double(.windowCenter, layout.window.center), .double(.windowWidth, layout.window.width),
                .text(.windowCenterAndWidthExplanation, "NORMAL"),
            ]
        }
        return elements
    }

    private var pixels: [Element] {
        [
            .uint16(.samplesPerPixel, 1),
            .text(.photometricInterpretation, layout.isInverted ? "MONOCHROME1" : "MONOCHROME2"),
            .uint16(.rows, UInt16(radiograph.rows)),
            .uint16(.columns, UInt16(radiograph.columns)),
            .uint16(.bitsAllocated, 16),
            .uint16(.bitsStored, 12),
            .uint16(.highBit, 11),
            .uint16(.pixelRepresentation, 0),
            .words(.pixelData, .OW, layout.stored(radiograph.values)),
        ]
    }
}

extension Tag {
    static let contentDate = Tag(0x0008, 0x0023)
    static let acquisitionDate = Tag(0x0008, 0x0022)
    static let acquisitionTime = Tag(0x0008, 0x0032)
    static let contentTime = Tag(0x0008, 0x0033)
    static let presentationIntentType = Tag(0x0008, 0x0068)
    static let referringPhysicianName = Tag(0x0008, 0x0090)
    static let codeValue = Tag(0x0008, 0x0100)
    static let codingSchemeDesignator = Tag(0x0008, 0x0102)
    static let codeMeaning = Tag(0x0008, 0x0104)
    static let anatomicRegionSequence = Tag(0x0008, 0x2218)
    static let patientComments = Tag(0x0010, 0x4000)
    static let kvp = Tag(0x0018, 0x0060)
    static let softwareVersions = Tag(0x0018, 0x1020)
    static let imagerPixelSpacing = Tag(0x0018, 0x1164)
    static let detectorType = Tag(0x0018, 0x7004)
    static let positionerType = Tag(0x0018, 0x1508)
    static let imageLaterality = Tag(0x0020, 0x0062)
    static let imageComments = Tag(0x0020, 0x4000)
    static let burnedInAnnotation = Tag(0x0028, 0x0301)
    static let pixelIntensityRelationship = Tag(0x0028, 0x1040)
    static let pixelIntensityRelationshipSign = Tag(0x0028, 0x1041)
    static let windowCenterAndWidthExplanation = Tag(0x0028, 0x1055)
    static let lossyImageCompression = Tag(0x0028, 0x2110)
    static let lutExplanation = Tag(0x0028, 0x3003)
    static let acquisitionContextSequence = Tag(0x0040, 0x0555)
    static let viewCodeSequence = Tag(0x0054, 0x0220)
}
