import Analysis
import AnswerCards
import DICOM
import Evaluation
import Figures
import Foundation
import Imaging
import LightboxCore
import ModelRegistry
import Phantoms
import Serving
import TestSupport
import Testing

@Suite("Answer cards") struct AnswerCardTests {
    // MARK: What is said

    @Test("A card says what the model, its files and its evaluation say")
    func content() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try CardModel(in: folder)
            let image = CardModel.picture(1)
            let card = try await model.card(of: image)
            let outputs = try await model.loaded.predict(
                ["image_bytes": ServedTensor(shape: [1], elements: .strings([image]))])
            guard case .float32(let scores)? = outputs["scores"]?.elements else { throw MissingScores() }

            #expect(card.answer.labels.map(\.score) == scores)
            #expect(card.answer.image.sha256 == image.withUnsafeBytes { ContentHash(of: $0) })
            #expect(card.answer.image.kind == "png" && card.answer.image.bytes == image.count)
            #expect(card.answer.model.sha256 == (try ContentHash(ofFile: model.folder + "/model.onnx")))
            #expect(card.answer.model.manifest == (try ContentHash(ofFile: model.folder + "/model.json")))
            let evaluation = try #require(card.answer.model.evaluation)
            #expect(evaluation.dataSet == "valid.csv" && evaluation.cases == 200 && evaluation.patients == 200)
            for label in card.answer.labels {
                #expect(label.threshold == 0.4 && label.isFound == (Double(label.score) >= 0.4))
                try check(label, model)
            }
        }
    }

    private struct MissingScores: Error {}

    /// Counts anew what the evaluation's cases say.
    private func check(_ label: AnswerCard.Label, _ model: CardModel) throws {
        let cases = zip(model.scores, model.truths)
        let calibration = try #require(label.calibration)
        let near = cases.filter { calibration.from < $0.0 && $0.0 <= calibration.to }
        #expect(near.count == calibration.cases && near.count { $0.1 } == calibration.positives)
        #expect(calibration.cases >= 10)
        #expect(calibration.from <= Double(label.score) && Double(label.score) <= calibration.to)
        let share = Double(calibration.positives) / Double(calibration.cases)
        let interval = try BinomialInterval.wilson(
            successes: calibration.positives, trials: calibration.cases, level: 0.95)
        let probability = calibration.probability
        #expect(probability.value == share && probability.level == 0.95)
        #expect(probability.lower == interval.lower && probability.upper == interval.upper)

        let positives = cases.filter(\.1)
        let negatives = cases.filter { !$0.1 }
        let sensitivity = Double(positives.count { $0.0 >= 0.4 }) / Double(positives.count)
        let specificity = Double(negatives.count { $0.0 < 0.4 }) / Double(negatives.count)
        #expect(label.sensitivity?.value == sensitivity && label.specificity?.value == specificity)
    }

    @Test("A model that was never judged says so, and claims nothing")
    func unjudged() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try CardModel(in: folder, threshold: nil)
            let card = try await model.card(of: CardModel.picture(1))
            #expect(card.answer.model.evaluation == nil)
            #expect(card.answer.labels.allSatisfy { $0.calibration == nil && $0.sensitivity == nil })
            // The highest score decides.
            let best = try #require(card.answer.labels.max { $0.score < $1.score })
            #expect(card.answer.labels.filter(\.isFound).map(\.label) == [best.label])
            #expect(card.page().html().contains("was not evaluated"))
        }
    }

    @Test("Known cases stand on the card, the image itself first")
    func nearest() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try CardModel(in: folder)
            var index = CaseIndex(length: 16)
            for number in 0..<5 {
                let vector = try await embedding(of: CardModel.picture(number), model)
                if number == 0 { index = CaseIndex(length: vector.count) }
                index.add(.init(id: "case \(number)", labels: ["label \(number)"]), vector)
            }
            let known = KnownCases(table: "films", index)
            let card = try await model.card(of: CardModel.picture(3), cases: known)
            let cases = try #require(card.answer.cases)
            #expect(cases.count == 5 && cases.sha256 == known.sha256 && cases.nearest.count == 3)
            #expect(cases.nearest[0].id == "case 3" && cases.nearest[0].labels == ["label 3"])
            #expect(abs(cases.nearest[0].similarity - 1) < 1e-5)
            index.add(.init(id: "one more"), Array(index.vectors.prefix(index.length)))
            #expect(KnownCases(table: "films", index).sha256 != known.sha256)
        }
    }

    private func embedding(of image: Bytes, _ model: CardModel) async throws -> [Float] {
        let outputs = try await model.loaded.predict(
            ["image_bytes": ServedTensor(shape: [1], elements: .strings([image]))], extras: .embedding)
        guard case .float32(let vector)? = outputs["embedding"]?.elements else { throw MissingScores() }
        return vector
    }

    // MARK: Strange images

    @Test("A model that keeps its own cases tells strange images and drift")
    func novelty() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try CardModel(in: folder)
            var rows: [Float] = []
            var count = 0
            for number in 0..<120 {
                rows += try await embedding(of: CardModel.picture(number), model)
                count += 1
            }
            let matrix = FeatureMatrix(rows: count, columns: rows.count / count, values: rows)
            try NoveltyModel(training: matrix).write(to: model.folder + "/novelty.safetensors")
            let maker = try CardMaker(model.loaded, name: "films", version: "v1", lightbox: "0.1")
            let watch = try #require(DriftWatch(maker))

            let usual = try await maker.card(of: CardModel.picture(1000), by: model.loaded)
            let white = Image(
                width: 40, height: 30, channels: 3, samples: .uint8([UInt8](repeating: 255, count: 3600)))
            let strange = try await maker.card(of: Bytes(PNG.encode(white)), by: model.loaded)
            let said = try #require(strange.answer.novelty)
            #expect(said.cases == 120 && said.isStrange && said.pValue <= 0.01)
            #expect(try #require(usual.answer.novelty).pValue > said.pValue)

            // The same image twice is one image.
            _ = watch.watch(strange.answer)
            #expect(watch.watch(strange.answer)?.images == 1)
            for number in 0..<200 where watch.drift?.isDrifting != true {
                let shade = UInt8(200 + number % 50)
                let plain = [UInt8](repeating: shade, count: 3 * 40 * (30 + number))
                let image = Image(width: 40, height: 30 + number, channels: 3, samples: .uint8(plain))
                _ = watch.watch(try await maker.card(of: Bytes(PNG.encode(image)), by: model.loaded).answer)
            }
            #expect(watch.drift?.isDrifting == true)
        }
    }

    // MARK: The same bytes

    @Test("An answer is the same bytes for another process' model, and while others ask")
    func reproducible() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try CardModel(in: folder)
            let images = (0..<20).map(CardModel.picture)
            var alone: [AnswerCard] = []
            for image in images { alone.append(try await model.card(of: image)) }
            let again = try LoadedModel(ServableFile(at: model.folder), name: "films")
            let maker = try CardMaker(again, name: "films", version: "v1", lightbox: "0.2")
            let crowd = try await withThrowingTaskGroup(of: (Int, AnswerCard?).self) { group in
                for (index, image) in images.enumerated() {
                    group.addTask { (index, try await maker.card(of: image, by: again)) }
                    group.addTask {
                        let many = ServedTensor(shape: [20], elements: .strings(images))
                        _ = try await again.predict(["image_bytes": many])
                        return (index, nil)
                    }
                }
                var cards = [AnswerCard?](repeating: nil, count: images.count)
                for try await (index, card) in group { if let card { cards[index] = card } }
                return cards
            }
            for (card, other) in zip(alone, crowd) {
                #expect(card.sha256 == other?.sha256)
                #expect(try card.answer.serialized() == other?.answer.serialized())
            }
        }
    }

    @Test("A card's file gives the card back; one that was changed is refused")
    func file() async throws {
        try await withAsyncTemporaryFolder { folder in
            let card = try await CardModel(in: folder).card(of: CardModel.picture(1))
            let bytes = try card.serialized()
            #expect(try AnswerCard(parsing: Bytes(bytes), path: "card.json") == card)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.contains("description"))
            for (part, other) in [("\"is_found\" : true", "\"is_found\" : false"), ("films", "films2")] {
                let changed = text.replacing(part, with: other)
                #expect(changed != text)
                #expect(throws: CardError.self) {
                    try AnswerCard(parsing: Bytes(Array(changed.utf8)), path: "card.json")
                }
            }
            let newer = text.replacing("\"format\" : 1", with: "\"format\" : 2")
            #expect { try AnswerCard(parsing: Bytes(Array(newer.utf8)), path: "card.json") } throws: {
                ($0 as? CardError)?.kind == .unsupported
            }
        }
    }

    @Test("Bytes that are no card are refused", arguments: ["", "{}", "[1]", "null", "{\"format\": 1}", "\u{0}"])
    func hostile(_ text: String) {
        #expect(throws: CardError.self) { try AnswerCard(parsing: Bytes(Array(text.utf8)), path: "card.json") }
    }

    @Test("A card cut off anywhere is refused")
    func truncated() async throws {
        try await withAsyncTemporaryFolder { folder in
            var card = try await CardModel(in: folder).card(of: CardModel.picture(1))
            card.pictures = nil
            let bytes = Array(try card.serialized())
            for length in stride(from: 0, to: bytes.count - 2, by: 37) {
                #expect(throws: CardError.self) {
                    try AnswerCard(parsing: Bytes(Array(bytes[..<length])), path: "c")
                }
            }
            let deep = String(repeating: "[", count: 100_000)
            #expect(throws: CardError.self) { try AnswerCard(parsing: Bytes(Array(deep.utf8)), path: "c") }
        }
    }

    @Test("What differs is told")
    func differences() async throws {
        try await withAsyncTemporaryFolder { folder in
            let first = try await CardModel(in: folder).card(of: CardModel.picture(1)).answer
            #expect(first.differences(from: first).isEmpty)
            let other = try await CardModel(in: folder, seed: 7).card(of: CardModel.picture(1)).answer
            let said = first.differences(from: other).joined(separator: "; ")
            #expect(said.contains("model’s file") && said.contains("scores differ by"))
        }
    }

    // MARK: Other forms

    @Test("The page and the structured report say what the card says")
    func forms() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try CardModel(in: folder)
            let phantoms = PhantomDataSet(seed: 4, patients: 1, size: 128)
            let film = try phantoms.radiograph(phantoms.entries[0]).file.serialized()
            let card = try await model.card(of: Bytes(film))
            #expect(
                card.answer.image.kind == "dicom"
                    && card.answer.image.key.map(\.name) == ["study", "series", "instance"])
            let html = card.page(of: "<film>").html()
            #expect(html.contains("&lt;film&gt;") && html.contains(card.sha256.description))
            let found = try #require(card.answer.labels.first(where: \.isFound)?.calibration)
            #expect(html.contains(found.probability.percent))
            let pdf = try card.page(of: "film").pdf()
            #expect(pdf.starts(with: "%PDF-1.".utf8))

            let report = try card.report(on: Bytes(film), timeZone: .gmt).dataSet
            #expect(report.string(.sopClassUID) == "1.2.840.10008.5.1.4.1.1.88.33")
            #expect(report.string(.studyInstanceUID) == card.answer.image.key[0].value)
            let texts = Self.texts(report)
            for sentence in card.sentences { #expect(texts.contains(sentence)) }
            #expect(throws: CardError.self) { try card.report(on: Bytes(film + [0])) }
        }
    }

    /// Every text of a structured report.
    private static func texts(_ item: DataSet) -> Set<String> {
        item.items(Tag(0x0040, 0xa730)).reduce(into: Set([item.string(Tag(0x0040, 0xa160))].compactMap { $0 })) {
            $0.formUnion(texts($1))
        }
    }
}
