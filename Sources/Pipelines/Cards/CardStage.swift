import AnswerCards
import Catalog
import DICOM
import Figures
import Foundation
import Imaging
import Inference
public import LightboxCore
import ModelRegistry
import Serving

/// Asks a model about images and writes the answers down as cards.
public struct CardStage: Sendable {
    /// What a card is written as.
    public enum Format: String, Sendable, CaseIterable {
        case json, html, pdf
        /// A structured report on a DICOM file.
        case dicom
    }

    /// A model of the registry, or a model's folder.
    public var model: String
    /// Of a model of the registry; nil for its default one.
    public var version: String?
    /// Known cases to hold answers against.
    public var cases: CaseSource?
    public var formats: [Format] = [.json, .html]
    public var release = ""

    public init(model: String) { self.model = model }

    /// - Parameters:
    ///   - inputs: files, folders, patterns, `dicom:STORE`.
    ///   - folder: gets a file for each card and format, called as the image is.
    public func run(_ inputs: [String], to folder: String, _ context: StageContext) throws -> StageReport {
        let answerer = try Answerer(model, version: version, cases: cases, release: release, context.home)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var report = StageReport(stage: "cards")
        report.outputs = [folder]
        var names = CardNames()
        for input in inputs {
            let source = try ImageInput(input).open(home: context.home, frames: .first)
            while let entry = try source.next() {
                if context.isCancelled() { throw Cancelled(stage: "cards", continues: true) }
                switch entry {
                case .problem(let problem): report.problems.append(problem)
                case .item(let item):
                    do {
                        let bytes = try item.encoded()
                        let card = try waiting { try await answerer.card(of: bytes) }
                        try write(card, of: item.origin, bytes, to: folder + "/" + names.next(for: item.origin))
                        report.written += 1
                    } catch {
                        report.problems.append(.init(source: item.origin, error: error))
                    }
                }
                context.progress(
                    ProgressUpdate(
                        stage: "cards", completed: report.written, total: inputs.count == 1 ? source.total : nil))
            }
        }
        return report
    }

    private func write(_ card: AnswerCard, of origin: String, _ image: Bytes, to path: String) throws {
        let page = card.page(of: (origin as NSString).lastPathComponent)
        for format in formats {
            switch format {
            case .json: try AtomicFile.write(card.serialized(), to: path + ".json")
            case .html: try AtomicFile.write(Array(page.html().utf8), to: path + ".html")
            case .pdf: try AtomicFile.write(page.pdf(), to: path + ".pdf")
            // Other images have no structured report.
            case .dicom where card.answer.image.kind == "dicom":
                try AtomicFile.write(card.report(on: image).serialized(), to: path + ".sr.dcm")
            case .dicom: break
            }
        }
    }
}

/// Names of cards in a folder: those of the images, with a number where two are called alike.
private struct CardNames {
    private var counts: [String: Int] = [:]

    mutating func next(for origin: String) -> String {
        let name = ((origin as NSString).lastPathComponent as NSString).deletingPathExtension
        let count = counts[name, default: 0] + 1
        counts[name] = count
        return count == 1 ? name : "\(name)-\(count)"
    }
}

/// A model that is loaded to make cards, with the known cases beside it.
struct Answerer: Sendable {
    let loaded: LoadedModel
    let maker: CardMaker
    let cases: KnownCases?

    /// - Parameter precision: as the card has it, which is to be made again.
    init(
        _ model: String, version: String?, cases source: CaseSource?, precision: String? = nil, release: String,
        _ home: Home
    ) throws {
        let place = try ModelPlace.found(model, version: version, home)
        var settings = LoadedModel.Settings()
        if let precision, let known = CompiledModel.Options.Precision(rawValue: precision) {
            settings.precision = known
        }
        let file = try ServableFile(at: place.folder)
        loaded = try LoadedModel(file, name: model, settings: settings)
        let name = place.version == nil ? loaded.manifest?.name : model
        maker = try CardMaker(loaded, name: name ?? model, version: place.version, lightbox: release)
        let labels = loaded.manifest?.output.labels ?? []
        cases = try source.map { source in
            guard let length = try file.embeddingLength() else {
                throw InputError(.unsupported, "\(model) gives no embedding to compare with known cases.")
            }
            return try CaseTable(source, labels: labels, home: home).read(length: length)
        }
    }

    func card(of image: Bytes) async throws -> AnswerCard {
        try await maker.card(of: image, by: loaded, cases: cases)
    }
}
