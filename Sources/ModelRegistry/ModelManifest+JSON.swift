public import Foundation
public import LightboxCore
import WireFormats

extension ModelManifest {
    /// The name of the manifest's file.
    public static let fileName = "model.json"

    /// The bytes of `model.json`: sorted, indented, the same for the same manifest.
    public func serialized() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            return try encoder.encode(self) + Data("\n".utf8)
        } catch EncodingError.invalidValue(_, let context) {
            throw RegistryError(
                .inconsistent, name, "\(Self.place(context.codingPath)) is not a finite number",
                remedy: "Leave it out, or say why it is undefined.")
        }
    }

    /// Reads the bytes of a `model.json`.
    ///
    /// - Parameter path: named in errors.
    /// - Throws: ``RegistryError`` that names the field which is wrong, never its value.
    public init(parsing bytes: Bytes, path: String, limits: ModelLimits = ModelLimits()) throws {
        guard bytes.count <= limits.manifestBytes else {
            throw RegistryError(
                .limitExceeded, path, "it has over \(limits.manifestBytes) bytes", remedy: "Is this a model?")
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            // The bounded parser goes first: it refuses what is nested too deep.
            let json = try JSONValue(
                parsing: bytes, limits: JSONLimits(maximumBytes: limits.manifestBytes, maximumDepth: 64))
            let format = json["format"]?.integer ?? 0
            guard format <= Self.currentFormat else {
                throw RegistryError(
                    .newerFormat, path, "it has format \(format), this Lightbox reads \(Self.currentFormat)",
                    remedy: "Install a newer Lightbox.")
            }
            self = try bytes.withUnsafeBytes { try decoder.decode(ModelManifest.self, from: Data($0)) }
        } catch let error as DecodingError {
            throw Self.damaged(path, Self.reason(error))
        } catch let error as RecordError {
            throw Self.damaged(path, "it is not JSON: \(error)")
        }
        try check(path: path, limits: limits)
    }

    /// Holds the parts against one another.
    func check(path: String, limits: ModelLimits) throws {
        if let problem = output.problem { throw Self.damaged(path, problem) }
        guard files.count <= limits.files else {
            throw RegistryError(.limitExceeded, path, "it lists \(files.count) files", remedy: "Is this a model?")
        }
        let sizes = [preprocessing.height, preprocessing.width]
        guard sizes.allSatisfy({ (1...16_384).contains($0) }), [1, 3].contains(preprocessing.channels) else {
            throw Self.damaged(path, "the preprocessing's size cannot be")
        }
        if case .network(_, let input, _) = architecture,
            input != [preprocessing.height, preprocessing.width, preprocessing.channels]
        {
            throw Self.damaged(path, "the preprocessing does not give the network's input")
        }
    }

    private static func damaged(_ path: String, _ problem: String) -> RegistryError {
        RegistryError(.damagedManifest, path, problem, remedy: "Take the model from its source again.")
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "the field \(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "the field \(place(context.codingPath)) is not what it should be"
        @unknown default: "a field is not what it should be"
        }
    }

    private static func place(_ keys: [any CodingKey]) -> String {
        keys.map { key in key.intValue.map(String.init) ?? key.stringValue }.joined(separator: ".")
    }
}
