import DICOM
import Foundation
import LightboxCore

/// What every result begins with: patient and study of its image, a series and an instance of its own, equipment.
struct ResultHeader {
    let source: SourceImage
    let authorship: Authorship
    let sopClassUID: String
    let modality: String
    let seriesNumber: Int
    let seriesDescription: String
    let key: InstanceKey
    var instanceNumber: Int?

    var elements: [Element] {
        let (date, time) = contentTime
        let number = instanceNumber ?? source.dataSet.int(.instanceNumber) ?? 1
        return source.inherited + [
            .text(.specificCharacterSet, "ISO_IR 192"),
            .text(.sopClassUID, sopClassUID), .text(.sopInstanceUID, key.instance ?? ""),
            .text(.instanceCreationDate, date), .text(.instanceCreationTime, time),
            .text(.contentDate, date), .text(.contentTime, time),
            .text(.modality, modality), .text(.seriesInstanceUID, key.series ?? ""),
            .int(.seriesNumber, seriesNumber), .text(.seriesDescription, seriesDescription.fitting(64)),
            .int(.instanceNumber, max(1, min(number, Int(Int32.max)))),
            .text(.manufacturer, Authorship.program), .text(.manufacturerModelName, Authorship.program),
            .text(.deviceSerialNumber, authorship.version.fitting(64)),
            .text(.softwareVersions, authorship.version.fitting(64)),
        ]
    }

    /// In the zone of the source's dates, since an object has one zone for all of them (PS3.3 C.12.1.1.8).
    private var contentTime: (date: String, time: String) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = source.timeZone ?? authorship.timeZone
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: authorship.time)
        func digits(_ number: Int?, _ count: Int) -> String {
            let text = String(number ?? 0)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return (
            digits(parts.year, 4) + digits(parts.month, 2) + digits(parts.day, 2),
            digits(parts.hour, 2) + digits(parts.minute, 2) + digits(parts.second, 2)
        )
    }

    /// Whether and how the source's pixels lost something on the way, which stays true of what is made of them
    /// (PS3.3 C.7.6.1.1.5).
    static func lossyCompression(_ source: SourceImage) -> [Element] {
        guard source.dataSet.string(.lossyImageCompression) == "01" else {
            return [.text(.lossyImageCompression, "00")]
        }
        return [Tag.lossyImageCompression, .lossyImageCompressionRatio, .lossyImageCompressionMethod]
            .compactMap(source.dataSet.inUTF8)
    }

    /// The object as a file, pixels as they are.
    func file(_ content: [Element]) -> DICOMFile {
        DICOMFile(dataSet: DataSet(elements + content), transferSyntax: .explicitVRLittleEndian)
    }
}
