public import Foundation
public import LightboxCore
import WireFormats

extension AnswerCard.Answer {
    /// One line of JSON, names sorted: the same bytes for the same answer.
    public func serialized() throws -> Data { try CardJSON.encoder([]).encode(self) }
}

extension AnswerCard {
    private static let maximumBytes = 64 << 20

    /// The bytes of a card's file.
    public func serialized() throws -> Data {
        try CardJSON.encoder(.prettyPrinted).encode(self) + Data("\n".utf8)
    }

    /// One line, as it stands in an answer of the service.
    public func line() throws -> [UInt8] { Array(try CardJSON.encoder([]).encode(self)) }

    /// Reads a card's file.
    ///
    /// - Parameter path: named in errors.
    /// - Throws: ``CardError`` for bytes that are no card, or one whose answer was changed.
    public init(parsing bytes: Bytes, path: String) throws {
        do {
            // The bounded parser goes first: it refuses what is nested too deep.
            let json = try JSONValue(
                parsing: bytes, limits: JSONLimits(maximumBytes: Self.maximumBytes, maximumDepth: 32))
            let format = json["format"]?.integer ?? 0
            guard format <= Self.currentFormat else {
                throw CardError(
                    .unsupported, path, "it has format \(format), this Lightbox reads \(Self.currentFormat)",
                    remedy: "Install a newer Lightbox.")
            }
            self = try bytes.withUnsafeBytes { try CardJSON.decoder.decode(AnswerCard.self, from: Data($0)) }
        } catch is RecordError {
            throw CardError(.corrupt, path, "it is not JSON", remedy: "Take the card from its source again.")
        } catch is DecodingError {
            throw CardError(.corrupt, path, "it is no answer card", remedy: "Give one that Lightbox has written.")
        }
        guard ContentHash(of: try answer.serialized()) == sha256 else {
            throw CardError(
                .corrupt, path, "its answer is not the one that it was written for",
                remedy: "Take the card from its source again.")
        }
    }
}

/// How cards are written and read.
enum CardJSON {
    static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, formatting]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}

/// What is wrong with a card, or stands in the way of one.
public struct CardError: Failure {
    public let kind: FailureKind
    public let path: String
    public let problem: String
    public let remedy: String

    init(_ kind: FailureKind, _ path: String, _ problem: String, remedy: String) {
        self.kind = kind
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String { "\(path): \(problem). \(remedy)" }
}
