import Foundation
import Imaging
public import LightboxCore
import WireFormats

/// Where vectors go and in which form.
public enum VectorOutput: Sendable, Hashable {
    /// One JSON line an image: the keys and `feature_vector`.
    case jsonLines(path: String)
    /// One `tf.Example` an image: `embedding`, `image_uri`, the keys, and the columns of the CSV.
    case records(path: String)
    /// A numpy array of `[images, features]`, with the keys beside it in `PATH.keys.csv`.
    case npy(path: String)
    /// A table of the warehouse.
    case table(String)

    /// `sql:TABLE`, or a path whose ending tells the form: `.tfrecord`, `.npy`, JSON lines otherwise.
    public init(_ text: String) {
        if text.lowercased().hasPrefix("sql:") {
            self = .table(String(text.dropFirst("sql:".count)))
        } else if text.hasSuffix(".npy") {
            self = .npy(path: text)
        } else if text.contains(".tfrecord") {
            self = .records(path: text)
        } else {
            self = .jsonLines(path: text)
        }
    }

    /// The folder in which a list of what was left out belongs.
    public func folder(in home: Home) throws -> String {
        switch self {
        case .jsonLines(let path), .records(let path), .npy(let path):
            (try home.localPath(of: path) as NSString).deletingLastPathComponent.nonEmptyFolder
        case .table: home.jobs
        }
    }
}

/// How one vector is written: a piece of bytes for each output file.
enum VectorFormat: String, Sendable, Codable {
    case jsonLines, records, npy
    /// JSON lines on their way into a table; `file` says where an image is that is a file of its own.
    case tableRows
    /// The same with the picture's ``Image/appearance()`` as a second vector.
    case tableRowsWithAppearance

    var isTable: Bool { self == .tableRows || self == .tableRowsWithAppearance }

    /// The column of the appearance.
    static let appearance = "appearance"

    /// The files of an output at `path`; the first is the output itself.
    func files(_ path: String) -> [String] { self == .npy ? [path, path + ".keys.csv"] : [path] }

    func encode(_ image: LoadedImage, _ values: [Float]) throws -> [[UInt8]] {
        let (key, extras) = (image.key, image.extras)
        switch self {
        case .jsonLines, .tableRows:
            var line: [UInt8] = []
            try JSONWriter.append(FeatureVector(key: key, values: values), to: &line)
            return [line]
        case .tableRowsWithAppearance:
            var line: [UInt8] = []
            try JSONWriter.append(FeatureVector(key: key, values: values), to: &line)
            line.removeLast(2)  // "}\n"
            line += ", \"\(Self.appearance)\": ".utf8
            try JSONWriter.append(image.image.appearance(), to: &line)
            line += "}\n".utf8
            return [line]
        case .records:
            return [TFRecordWriter.framed(example(key, extras, values).serialized())]
        case .npy:
            let numbers = values.withUnsafeBytes { Array($0) }
            let row = CSVWriter.row(key.fields.map(\.value))
            return [numbers, row]
        }
    }

    /// What the files begin with, before any vector.
    func starts(key: InstanceKey, featureCount: Int) -> [[UInt8]] {
        switch self {
        case .jsonLines, .tableRows, .tableRowsWithAppearance, .records: []
        case .npy: [NPY.header(shape: [0, featureCount]), CSVWriter.row(key.fields.map(\.name))]
        }
    }

    /// The bottleneck form of the transfer-learning workflow.
    private func example(_ key: InstanceKey, _ extras: [ImageItem.Extra], _ values: [Float]) -> Example {
        var example = Example()
        example["embedding"] = .floats(values)
        example["image_uri"] = .text(key.path ?? key.instance ?? "")
        for field in key.fields { example[field.name] = .text(field.value) }
        for extra in extras { example.set(extra) }
        return example
    }
}
