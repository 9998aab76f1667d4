public import DICOM
import DICOMResults
public import Foundation
public import LightboxCore

extension AnswerCard {
    /// The card as a structured report of the DICOM file that was asked about: scores and decisions as measurements, all
    /// else as comments.
    ///
    /// - Parameters:
    ///   - file: the bytes whose hash is ``SeenImage/sha256``.
    ///   - timeZone: for dates of files that do not say theirs.
    /// - Throws: ``CardError`` for another image, `DICOMError` for a file without what a report needs.
    public func report(on file: Bytes, timeZone: TimeZone = .current) throws -> DICOMFile {
        let hash = file.withUnsafeBytes { ContentHash(of: $0) }
        guard answer.image.kind == "dicom", hash == answer.image.sha256 else {
            throw CardError(
                .invalidInput, "image", "a structured report is about a DICOM file, the one that was asked about",
                remedy: "Ask for another form of the card.")
        }
        let source = try SourceImage(DICOMFile(bytes: file).dataSet)
        let model = answer.model
        var parameters = answer.labels.compactMap { label in
            label.threshold.map { "threshold of \(label.label): \($0)" }
        }
        if let temperature = model.temperature { parameters.append("temperature: \(temperature)") }
        let authorship = Authorship(
            version: making.lightbox,
            algorithm: .init(
                name: model.name, version: model.version ?? String(model.sha256.description.prefix(12)),
                contentHash: model.sha256, parameters: parameters),
            time: making.time, timeZone: timeZone)
        let group = PredictionReport.Group(
            source, frame: source.frameCount > 1 ? 1 : nil,
            scores: answer.labels.map {
                .init($0.label, $0.score, isFound: $0.threshold == nil ? nil : $0.isFound)
            },
            remarks: sentences)
        var report = PredictionReport([group], by: authorship)
        report.isComplete = source.frameCount == 1
        return try report.file()
    }
}
