public import AnswerCards
import DICOMStore
import Foundation
public import LightboxCore
import Serving

/// Computes the answer of a card again and holds it against what the card says.
public struct ReproduceStage: Sendable {
    /// A card's JSON file.
    public var card: String
    /// The image; nil for one that a DICOM store of the home has.
    public var image: String?
    /// The model's place, where it is another than the card says.
    public var model: String?
    /// The known cases, where their labels stand in a second table.
    public var cases: CaseSource?

    public init(card: String) { self.card = card }

    public struct Result: Sendable {
        public var card: AnswerCard
        public var answer: AnswerCard.Answer
        /// Of the answer that was computed now.
        public var sha256: ContentHash
        /// What differs, in words; empty for the same bytes.
        public var differences: [String]
    }

    public func run(_ context: StageContext) throws -> Result {
        let card = try AnswerCard(parsing: Bytes(MappedFile(path: context.home.fetched(card))), path: card)
        let bytes = try Bytes(MappedFile(path: place(of: card, context.home)))
        let hash = bytes.withUnsafeBytes { ContentHash(of: $0) }
        guard hash == card.answer.image.sha256 else {
            throw InputError(
                .invalidInput, "This is not the image that the card is about: its SHA-256 is another one.")
        }
        let known = cases ?? card.answer.cases.map { CaseSource(table: $0.table) }
        let answerer = try Answerer(
            model ?? card.answer.model.name, version: model == nil ? card.answer.model.version : nil, cases: known,
            precision: card.answer.model.precision, release: "", context.home)
        var answer = try waiting { try await answerer.card(of: bytes) }.answer
        // A folder by another name is the same model if its hashes are.
        (answer.model.name, answer.model.version) = (card.answer.model.name, card.answer.model.version)
        return Result(
            card: card, answer: answer, sha256: ContentHash(of: try answer.serialized()),
            differences: card.answer.differences(from: answer))
    }

    private func place(of card: AnswerCard, _ home: Home) throws -> String {
        if let image { return try home.fetched(image) }
        guard let instance = card.answer.image.key.first(where: { $0.name == "instance" })?.value,
            let path = try Self.storedFile(instance, home)
        else { throw InputError(.notFound, "No store of the home has the card's image. Name its file.") }
        return path
    }

    private static func storedFile(_ instance: String, _ home: Home) throws -> String? {
        let catalog = try DICOMCatalog(home: home)
        for name in try catalog.stores() {
            if let found = try catalog.store(name).instance(instance) { return found.path }
        }
        return nil
    }
}
