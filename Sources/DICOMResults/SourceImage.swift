public import DICOM
import Foundation

/// The image that a result speaks of: its names, and what its patient and study hand on to the result.
public struct SourceImage: Sendable {
    public let dataSet: DataSet
    public let studyInstanceUID: String
    public let seriesInstanceUID: String
    public let sopInstanceUID: String
    public let sopClassUID: String
    /// 1 for an image that says nothing of frames.
    public let frameCount: Int

    /// - Parameter dataSet: of an image; its pixels are not needed.
    /// - Throws: `DICOMError` where one of the four UIDs is missing: a result could not refer to the image.
    public init(_ dataSet: DataSet) throws {
        func uid(_ tag: Tag) throws -> String {
            guard let uid = dataSet.string(tag), uid.utf8.count <= 64, uid.utf8.first != 0x2e,
                uid.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e })
            else {
                throw DICOMError(.missingAttribute, tag: tag, "A result has to refer to its image by this UID.")
            }
            return uid
        }
        self.dataSet = dataSet
        studyInstanceUID = try uid(.studyInstanceUID)
        seriesInstanceUID = try uid(.seriesInstanceUID)
        sopInstanceUID = try uid(.sopInstanceUID)
        sopClassUID = try uid(.sopClassUID)
        frameCount = max(1, dataSet.int(.numberOfFrames) ?? 1)
    }

    /// What Lightbox's own pictures are told by, so that they are not taken for films.
    public static func isResult(_ dataSet: DataSet) -> Bool {
        dataSet.string(.manufacturer) == Authorship.program
            && dataSet.string(.manufacturerModelName) == Authorship.program
    }

    /// - Parameter frame: from 1; left out for an image with a single one.
    func reference(frame: Int? = nil) -> DataSet {
        var item = DataSet([
            .text(.referencedSOPClassUID, sopClassUID), .text(.referencedSOPInstanceUID, sopInstanceUID),
        ])
        if let frame, frameCount > 1 { item[.referencedFrameNumber] = .int(.referencedFrameNumber, frame) }
        return item
    }

    /// The parts of a UID that say which frame of which image is meant.
    func place(frame: Int?) -> String { frameCount > 1 ? "\(sopInstanceUID)#\(frame ?? 1)" : sopInstanceUID }
}

extension SourceImage {
    /// Patient, clinical trial, study and patient study, as the image has them, in UTF-8. What has to be there and
    /// is not stands empty.
    var inherited: [Element] {
        let required = Self.required.map { dataSet[$0] == nil ? .text($0, "") : dataSet.inUTF8($0)! }
        return required + Self.optional.compactMap(dataSet.inUTF8)
    }

    /// Type 1 and 2 of the patient and general study modules (PS3.3 C.7.1.1, C.7.2.1).
    private static let required: [Tag] = [
        .studyInstanceUID, .patientName, .patientID, .patientBirthDate, .patientSex, .studyDate, .studyTime,
        .accessionNumber, .studyID, Tag(0x0008, 0x0090),
    ]

    private static let optional: [Tag] = [
        // Patient: issuer, other IDs, species and breed, comments, de-identification
        Tag(0x0010, 0x0021), Tag(0x0010, 0x0022), Tag(0x0010, 0x0024), Tag(0x0010, 0x0032), Tag(0x0010, 0x1002),
        Tag(0x0010, 0x2160), Tag(0x0010, 0x2201), Tag(0x0010, 0x2202), Tag(0x0010, 0x2292), Tag(0x0010, 0x2293),
        Tag(0x0010, 0x2294), Tag(0x0010, 0x2297), Tag(0x0010, 0x2298), Tag(0x0010, 0x4000), Tag(0x0012, 0x0062),
        Tag(0x0012, 0x0063), Tag(0x0012, 0x0064),
        // Clinical trial subject
        Tag(0x0012, 0x0010), Tag(0x0012, 0x0020), Tag(0x0012, 0x0021), Tag(0x0012, 0x0030), Tag(0x0012, 0x0031),
        Tag(0x0012, 0x0040), Tag(0x0012, 0x0042), Tag(0x0012, 0x0081), Tag(0x0012, 0x0082),
        // Study: description, procedure, issuer of the accession number
        .studyDescription, .procedureCodeSequence, Tag(0x0008, 0x0051),
        // Patient study: age, size, weight
        .patientAge, Tag(0x0010, 0x1020), Tag(0x0010, 0x1030),
        // The zone of all dates here
        .timezoneOffsetFromUTC, Tag(0x0028, 0x0303),
    ]

    /// The zone that the image's dates are in; nil when it does not say.
    var timeZone: TimeZone? {
        guard let text = dataSet.string(.timezoneOffsetFromUTC), text.utf8.count == 5,
            let number = Int(text), ["+", "-"].contains(text.first)
        else { return nil }
        return TimeZone(secondsFromGMT: (number / 100 * 60 + number % 100) * 60)
    }
}

extension DataSet {
    /// An attribute with its texts in UTF-8, within items too, and without private attributes; nil when missing.
    func inUTF8(_ tag: Tag) -> Element? {
        guard let element = self[tag] else { return nil }
        switch element.value {
        case .sequence:
            let items = items(tag).map { item in
                DataSet(
                    item.elements.filter { !$0.tag.isPrivate && $0.tag != .specificCharacterSet }
                        .compactMap { item.inUTF8($0.tag) })
            }
            return .sequence(tag, items)
        // By the dictionary's VR, since some files have another.
        case .bytes where element.vr.hasCharacterSet: return .text(tag, strings(tag))
        case .bytes where element.vr == .DA || element.vr == .TM:
            // 1995.06.26 and 11:20:00, as ACR-NEMA wrote them (PS3.5 table 6.2-1).
            let divider: Character = element.vr == .DA ? "." : ":"
            let isOld = { (text: String) in text.prefix(while: { $0 != "-" }).count { $0 == divider } == 2 }
            return .text(tag, strings(tag).map { isOld($0) ? $0.filter { $0 != divider } : $0 }, vr: element.vr)
        default: return element
        }
    }
}
