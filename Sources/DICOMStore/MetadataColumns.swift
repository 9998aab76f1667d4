import DICOM
import Foundation
import Warehouse

/// The columns of a metadata table, named by DICOM keyword, and how an attribute becomes a cell.
///
/// Types follow the dictionary: whole numbers (IS, US, UL) integer, decimal ones (DS, FL, FD) real, dates and
/// times ISO 8601 text (`2024-01-31`, `13:05:00.25`) where they are valid, everything else text. An attribute that
/// has several values by its nature is a JSON list; of any other the first value counts.
struct MetadataColumns: Sendable {
    fileprivate enum Form: Sendable { case text, date, time, integer, real, list }

    private struct Source: Sendable {
        let keyword: String
        let tag: Tag
        let form: Form
    }

    /// The whole data set as DICOM JSON (PS3.18 annex F), binary values over 1 KB left out.
    static let metadata = "metadata"
    static let transferSyntax = "TransferSyntaxUID"
    static let contentHash = "content_sha256"

    private let sources: [Source]

    init() {
        sources = Self.keywords.compactMap { keyword in
            guard let tag = DICOMDictionary.tag(forKeyword: keyword), let entry = DICOMDictionary.entry(for: tag)
            else {
                return nil
            }
            return Source(keyword: keyword, tag: tag, form: Self.form(of: entry))
        }
    }

    var schema: [TableSchema.Column] {
        sources.map { TableSchema.Column($0.keyword, $0.form.type) } + [
            .init(Self.transferSyntax, .text), .init(Self.contentHash, .text), .init(Self.metadata, .json),
        ]
    }

    func row(of file: DICOMFile, contentHash: String) -> TableRow {
        let data = file.dataSet
        var cells = sources.compactMap { source in
            value(of: source, in: data).map { TableRow.Cell(source.keyword, $0) }
        }
        cells.append(.init(Self.transferSyntax, .text(file.transferSyntax.uid)))
        cells.append(.init(Self.contentHash, .text(contentHash)))
        // A value too long for the text gets an address that says no more than its place.
        let options = DICOMJSON.EncodeOptions(inlineLimit: 1024, bulkDataURI: { "bulk/" + $0 })
        let json = String(decoding: DICOMJSON.encode(data, options: options), as: UTF8.self)
        return TableRow(cells + [.init(Self.metadata, .json(json))])
    }

    private func value(of source: Source, in data: DataSet) -> SQLValue? {
        switch source.form {
        case .text: data.string(source.tag).map { .text($0) }
        case .date: data.string(source.tag).map { .text(Self.isoDate($0) ?? $0) }
        case .time: data.string(source.tag).map { .text(Self.isoTime($0) ?? $0) }
        case .integer: data.int(source.tag).map { .integer(Int64($0)) }
        case .real: data.double(source.tag).map { .real($0) }
        case .list: Self.list(data, source.tag)
        }
    }

    private static func list(_ data: DataSet, _ tag: Tag) -> SQLValue? {
        guard let vr = data[tag]?.vr else { return nil }
        switch vr {
        case .DS, .FL, .FD, .IS, .US, .SS, .UL, .SL:
            let numbers = data.doubles(tag)
            return numbers.isEmpty
                ? nil : .json("[" + numbers.map(SQLValue.real).map(\.json).joined(separator: ",") + "]")
        default:
            let texts = data.strings(tag)
            return texts.isEmpty
                ? nil : .json("[" + texts.map(SQLValue.text).map(\.json).joined(separator: ",") + "]")
        }
    }

    private static func form(of entry: DICOMDictionary.Entry) -> Form {
        guard entry.multiplicity == "1" || firstValueOnly.contains(entry.keyword) else { return .list }
        switch entry.vrs.first {
        case .DA: return .date
        case .TM: return .time
        case .IS, .US, .UL, .SS, .SL: return .integer
        case .DS, .FL, .FD: return .real
        default: return .text
        }
    }

    /// `20240131`, or `2024.01.31` of ACR-NEMA, to `2024-01-31`; nil for anything else (PS3.5 table 6.2-1, DA).
    static func isoDate(_ text: String) -> String? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(\.count)
        let text = parts == [4, 2, 2] ? text.replacing(".", with: "") : text
        let digits = Array(text.utf8)
        guard digits.count == 8, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.suffix(2))"
    }

    /// `1305`, `130500.25`, or `13:05:00.25` of ACR-NEMA, to `13:05:00.25`; nil for anything else (PS3.5 table 6.2-1, TM).
    static func isoTime(_ text: String) -> String? {
        let groups = text.prefix { $0 != "." }.split(separator: ":", omittingEmptySubsequences: false)
        let text = groups.allSatisfy { $0.count == 2 } ? text.replacing(":", with: "") : text
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, [2, 4, 6].contains(whole.utf8.count),
            text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 })
        else { return nil }
        let padded = whole + String(repeating: "0", count: 6 - whole.utf8.count)
        let fraction = parts.count > 1 && !parts[1].isEmpty ? "." + parts[1] : ""
        return "\(padded.prefix(2)):\(padded.dropFirst(2).prefix(2)):\(padded.suffix(2))\(fraction)"
    }

    /// Windows come in several; the first is the one that viewers show.
    private static let firstValueOnly: Set = [
        "WindowCenter", "WindowWidth", "OperatorsName", "OtherPatientIDs", "SoftwareVersions",
    ]

    private static let keywords = [
        "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize", "PatientWeight",
        "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber",
        "ReferringPhysicianName", "SeriesInstanceUID", "SeriesNumber", "SeriesDate", "SeriesTime",
        "SeriesDescription",
        "Modality", "BodyPartExamined", "Laterality", "ImageLaterality", "ViewPosition", "PatientPosition",
        "PatientOrientation", "ProtocolName", "ContrastBolusAgent", "Manufacturer", "ManufacturerModelName",
        "InstitutionName", "StationName", "DeviceSerialNumber", "SoftwareVersions", "SOPInstanceUID",
        "SOPClassUID",
        "InstanceNumber", "AcquisitionNumber", "AcquisitionDate", "AcquisitionTime", "ContentDate", "ContentTime",
        "FrameOfReferenceUID", "ImageType", "ConversionType", "Rows", "Columns", "NumberOfFrames",
        "SamplesPerPixel",
        "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
        "PixelSpacing",
        "ImagerPixelSpacing", "SliceThickness", "SpacingBetweenSlices", "SliceLocation", "ImagePositionPatient",
        "ImageOrientationPatient", "KVP", "ExposureTime", "XRayTubeCurrent", "Exposure", "ConvolutionKernel",
        "MagneticFieldStrength", "RepetitionTime", "EchoTime", "FlipAngle", "WindowCenter", "WindowWidth",
        "RescaleIntercept", "RescaleSlope", "RescaleType", "BurnedInAnnotation", "LossyImageCompression",
        "PatientIdentityRemoved", "SpecificCharacterSet", "InstanceCreationDate",
    ]
}

extension MetadataColumns.Form {
    fileprivate var type: ColumnType {
        switch self {
        case .text, .date, .time: .text
        case .integer: .integer
        case .real: .real
        case .list: .json
        }
    }
}
