import Foundation
import LightboxCore

/// Where a stage's images come from, as the user wrote it.
public enum ImageInput: Sendable, Hashable {
    /// `dicom:STORE`: everything in one of the home's DICOM stores.
    case store(String)
    /// A folder with everything below it, or a glob, of PNG, JPEG and DICOM files.
    case files(pattern: String)
    /// A CSV with a column of image paths.
    case csv(path: String)
    /// TFRecord shards, by glob.
    case records(pattern: String)
    /// JSON lines with `{"b64": …}` images, by glob.
    case jsonLines(pattern: String)

    /// Reads what stands behind `--input` or `--images`, judging by the name.
    public init(_ text: String) {
        let name = text.lowercased()
        if name.hasPrefix("dicom:") {
            self = .store(String(text.dropFirst("dicom:".count)))
        } else if name.hasSuffix(".csv") {
            self = .csv(path: text)
        } else if name.contains(".tfrecord") || name.contains("-of-") {
            self = .records(pattern: text)
        } else if [".jsonl", ".json", ".ndjson", ".txt"].contains(where: name.hasSuffix) {
            self = .jsonLines(pattern: text)
        } else {
            self = .files(pattern: text)
        }
    }
}

/// Which frames of a multi-frame DICOM file to take.
public enum FrameChoice: Sendable, Hashable, Codable {
    case all
    case first
    case middle
    /// Frame numbers from 1; numbers that a file does not have are left out.
    case numbers([Int])

    /// `all`, `first`, `middle` or numbers such as `1,5,9`.
    public init?(_ text: String) {
        switch text {
        case "all": self = .all
        case "first": self = .first
        case "middle": self = .middle
        default:
            let numbers = text.split(separator: ",").map { Int($0) }
            guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { $0 > 0 } ?? false }) else { return nil }
            self = .numbers(numbers.compactMap { $0 })
        }
    }

    /// Indices from 0 among `count` frames.
    func indices(of count: Int) -> [Int] {
        switch self {
        case .all: Array(0..<count)
        case .first: [0]
        case .middle: [count / 2]
        case .numbers(let numbers): numbers.filter { $0 <= count }.map { $0 - 1 }
        }
    }
}
