import Foundation
import Imaging
public import LightboxCore
public import WireFormats

/// Looks into TFRecord files: how many records, which features of which kind, and the first few in words.
public struct RecordsListing: Sendable {
    /// Records that are described one by one.
    public var shown = 3
    /// Whether a damaged record ends the reading or is counted and passed over.
    public var corruption = CorruptionPolicy.skip

    public init() {}

    public struct Result: Sendable, Codable, Equatable {
        public var files = 0
        public var records = 0
        /// Bytes of all records, without framing.
        public var bytes = 0
        /// Feature name → kind and in how many records it stands.
        public var features: [String: FeatureCount] = [:]
        public var first: [Record] = []
        public var problems: [StageReport.Problem] = []
    }

    public struct FeatureCount: Sendable, Codable, Equatable {
        public var kind: String
        public var records: Int
    }

    public struct Record: Sendable, Codable, Equatable {
        public var origin: String
        /// Feature name → what it holds: a text, a number, `PNG 299 × 299 × 1, 40213 bytes`.
        public var features: [String: String]
    }

    public func run(_ pattern: String, _ context: StageContext) throws -> Result {
        let paths = try TFRecordShards.paths(matching: context.home.localPath(of: pattern))
        let reader = TFRecordReader(paths: paths, onCorruption: corruption)
        var result = Result()
        result.files = paths.count
        while let record = try reader.next() {
            let origin = RemoteFiles.shown("\(record.file)@\(record.offset)")
            do {
                let example = try record.example()
                result.records += 1
                result.bytes += record.data.count
                for (name, feature) in example.features {
                    result.features[name, default: FeatureCount(kind: feature.kind, records: 0)].records += 1
                }
                if result.first.count < shown {
                    result.first.append(Record(origin: origin, features: example.features.mapValues(describe)))
                }
            } catch {
                result.problems.append(.init(source: origin, error: error))
            }
        }
        result.problems += reader.problems.map { .init(source: $0.source, reason: $0.description) }
        return result
    }

    private func describe(_ feature: Feature) -> String {
        switch feature {
        case .bytes(let values) where values.count == 1: describe(values[0])
        case .bytes(let values): "\(values.count) byte strings"
        case .ints(let values): list(values.prefix(8).map { String($0) }, of: values.count)
        case .floats(let values): list(values.prefix(4).map { String($0) }, of: values.count)
        }
    }

    private func list(_ values: [String], of count: Int) -> String {
        count == 1
            ? values[0] : "[" + values.joined(separator: ", ") + (count > values.count ? ", …" : "") + "] \(count)"
    }

    private func describe(_ bytes: Bytes) -> String {
        if let image = try? ImageFile.decode(bytes) {
            let kind = bytes[0] == 0x89 ? "PNG" : "JPEG"
            return "\(kind) \(image.height) × \(image.width) × \(image.channels), \(bytes.count) bytes"
        }
        let text = String(validating: bytes.array.prefix(200), as: UTF8.self)
        let isPrintable = text?.unicodeScalars.allSatisfy { $0.value >= 32 } ?? false
        return bytes.count <= 200 && isPrintable ? text ?? "" : "\(bytes.count) bytes"
    }
}

extension Feature {
    fileprivate var kind: String {
        switch self {
        case .bytes: "bytes"
        case .floats: "float"
        case .ints: "int64"
        }
    }
}
