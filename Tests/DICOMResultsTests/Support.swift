import DICOM
import DICOMResults
import Foundation
import LightboxCore
import TestSupport
import Testing

/// An image that results are about, and what pydicom and highdicom make of it
/// (Tests/Reference/dicom-results/make_dicom_results.py).
struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Segmentation: Decodable, Sendable {
        struct Frame: Decodable, Sendable, Equatable {
            let segment: Int
            let source: String
            /// 0 where the image has a single one.
            let sourceFrame: Int
            let purpose: String
            let derivation: String
            /// Of the pixels.
            let sum: Int
            let position: [Double]?
        }

        let segments: [[String]]
        let frameOfReference: String
        let frames: [Frame]
        let instances: [String]
        let spacing: [Double]?
        let orientation: [Double]?
    }

    let file: String
    let inherited: [String: String]
    let report: [String]
    let segmentation: Segmentation?

    var testDescription: String { file }

    static let all: [Case] = {
        let data = FileManager.default.contents(atPath: reference("dicom-results/reference.json"))!
        return try! JSONDecoder().decode([String: Case].self, from: data).values.sorted { $0.file < $1.file }
    }()

    static func named(_ name: String) -> Case { all.first { $0.file == name + ".dcm" }! }

    func source() throws -> SourceImage {
        try SourceImage(DICOMFile(path: reference("dicom-results/" + file)).dataSet)
    }
}

extension SourceImage {
    /// All of them; nil for the only one of a single-frame image.
    var frames: [Int?] { frameCount > 1 ? (1...frameCount).map { $0 } : [nil] }
}

let outlandish = "an outlandish label of the user's own"

func author(time: Double = 1_600_000_000, parameters: [String] = ["threshold of Pneumonia: 0.5"]) -> Authorship {
    let hash = ContentHash("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bb822cd15d6c15b0f00a0")!
    return Authorship(
        version: "0.0.1",
        algorithm: .init(name: "chest", version: "v3", contentHash: hash, parameters: parameters),
        time: Date(timeIntervalSince1970: time), timeZone: TimeZone(identifier: "UTC")!)
}

func report(on source: SourceImage, by author: Authorship = author()) -> PredictionReport {
    PredictionReport(
        source.frames.map { frame in
            .init(
                source, frame: frame,
                scores: [
                    .init("Pneumonia", 0.8125, isFound: true), .init("No Finding", 1.5e-05, isFound: false),
                    .init("Pleural Effusion", 0.33333334), .init(outlandish, 1, isFound: true),
                ])
        }, by: author)
}

/// The maps that the script makes: values that count up.
func segmentation(of source: SourceImage, by author: Authorship = author()) -> HeatmapSegmentation {
    let maps = ["Pneumonia", "No Finding"].enumerated().flatMap { number, label in
        source.frames.enumerated().map { index, frame in
            let samples = (0..<48).map { UInt8(($0 * 5 + 40 * number + 3 * index) % 256) }
            let image = Image(width: 8, height: 6, channels: 1, samples: .uint8(samples))
            return HeatmapSegmentation.Map(label, frame: frame, values: image)
        }
    }
    return HeatmapSegmentation(maps, in: source, by: author)
}

extension DICOMFile {
    /// As a reader of the written file sees it.
    func reread() throws -> DataSet { try DICOMFile(bytes: Bytes(serialized())).dataSet }
}

extension DataSet {
    private func tag(_ keyword: String) -> DICOM.Tag { DICOMDictionary.tag(forKeyword: keyword)! }

    func has(_ keyword: String) -> Bool { self[tag(keyword)] != nil }
    /// The value, empty where there is none.
    func text(_ keyword: String) -> String { strings(tag(keyword)).joined(separator: "\\") }
    func numbers(_ keyword: String) -> [Double] { doubles(tag(keyword)) }
    func items(_ keyword: String) -> [DataSet] { items(tag(keyword)) }
    func item(_ keyword: String) -> DataSet { items(keyword).first ?? DataSet() }

    /// `(36118008, SCT, Pneumothorax)`
    var code: String {
        let value = has("CodeValue") ? text("CodeValue") : text("LongCodeValue")
        return "(\(value), \(text("CodingSchemeDesignator")), \(text("CodeMeaning")))"
    }

    /// Every tag here and in items.
    var allTags: [DICOM.Tag] {
        elements.flatMap { element in [element.tag] + items(element.tag).flatMap(\.allTags) }
    }
}
