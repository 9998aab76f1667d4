import DICOM
import DICOMStore
import Datasets
import Foundation
import LightboxCore
import Pipelines
import TestSupport
import Testing

private let folderOfImages = reference("dicom-results")
private let images = folderOfImages + "/*.dcm"
private let findings = ["Pneumonia", "Edema", "Lung Lesion"]

@Suite("Results stage") struct ResultsStageTests {
    private func stage(_ heatmaps: ResultsStage.Heatmaps = .none, _ file: String = "findings.h5") throws
        -> ResultsStage
    {
        let time = Date(timeIntervalSince1970: 1_600_000_000)
        var stage = ResultsStage(model: reference("whole-models/" + file), version: "0.0.1", time: time)
        let names = file == "findings.h5" ? findings : ["daisy", "rose"]
        stage.facts = try KerasModelFacts(
            labels: names.joined(separator: ","), scaling: file == "findings.h5" ? .zeroToOne : nil)
        stage.heatmaps = heatmaps
        return stage
    }

    private func withContext(_ body: (String, StageContext) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
            try context.home.create()
            try body(folder, context)
        }
    }

    private func objects(in folder: String) throws -> [DataSet] {
        try FileTree.files(below: folder).filter { $0.hasSuffix(".dcm") }.map { try DICOMFile(path: $0).dataSet }
    }

    @Test("Reports the scores that the model gives, in the image's study") func reports() throws {
        try withContext { folder, context in
            let report = try stage().run([images], to: .folder(folder + "/out"), context)
            #expect(report.written == 6)
            #expect(report.problems.isEmpty)
            var predict = PredictStage(model: reference("whole-models/findings.h5"))
            predict.facts = try stage().facts
            let expected = try predict.run([images], context)
            let written = try objects(in: folder + "/out")
            #expect(written.count == 6)
            for (origin, prediction) in zip(expected.origins, expected.predictions) {
                let path = String(origin.split(separator: "#")[0])
                let study = try DICOMFile(path: path).dataSet.string(.studyInstanceUID)
                let mine = written.filter { $0.string(.studyInstanceUID) == study }
                #expect(mine.count == 1)
                #expect(mine.first.map(numbers) == prediction.scores)
            }
        }
    }

    /// Numeric values, in the order of the tree.
    private func numbers(_ item: DataSet) -> [Float] {
        let own = item.items(Tag(0x0040, 0xa300)).compactMap { $0.double(Tag(0x0040, 0xa30a)) }.map(Float.init)
        return own + item.items(Tag(0x0040, 0xa730)).flatMap(numbers)
    }

    @Test(
        "A second run changes nothing, not even at another time",
        arguments: [ResultsStage.Heatmaps.none, .segmentation, .capture])
    func repeats(_ heatmaps: ResultsStage.Heatmaps) throws {
        try withContext { folder, context in
            let output = folder + "/out"
            var stage = try stage(heatmaps)
            let first = try stage.run([images], to: .folder(output), context)
            #expect(first.written == (heatmaps == .none ? 6 : 12))
            let files = try FileTree.files(below: output).map { try ContentHash(ofFile: $0) }
            stage.time = Date(timeIntervalSince1970: 1_700_000_000)
            let second = try stage.run([images], to: .folder(output), context)
            #expect(second.written == 0)
            #expect(second.unchanged == first.written)
            #expect(try FileTree.files(below: output).map { try ContentHash(ofFile: $0) } == files)
        }
    }

    @Test("Into the images' own store, where results are no images of the next run") func store() throws {
        try withContext { folder, context in
            let store = try DICOMCatalog(home: context.home).store(DICOMStoreName("films"), creating: true)
            _ = try ImportStage().run([images], into: { _ in store }, context)
            var stage = try stage(.capture)
            stage.view = .frontal
            // Only one of the images says how it was taken.
            #expect(try stage.run(store, to: .store(store), context).written == 2)
            stage.view = nil
            let all = try stage.run(store, to: .store(store), context)
            #expect((all.written, all.unchanged) == (10, 2))
            #expect(all.problems.isEmpty)
            #expect(try store.counts().instances == 18)
            let again = try stage.run(store, to: .store(store), context)
            #expect((again.written, again.unchanged) == (0, 12))
            #expect(try store.counts().studies == 6)
        }
    }

    private struct KerasMap: Decodable {
        let label: Int
        /// 0...255
        let rows: [[Int]]
    }

    @Test("The map of the highest score is Keras's class activation map") func map() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: folderOfImages + "/maps/map.json"))
        let expected = try JSONDecoder().decode(KerasMap.self, from: data)
        try withContext { folder, context in
            _ = try stage(.segmentation).run([folderOfImages + "/maps/square.dcm"], to: .folder(folder), context)
            let written = try objects(in: folder).first { $0.string(.modality) == "SEG" }
            let segmentation = try #require(written)
            let segments = segmentation.items(Tag(0x0062, 0x0002))
            #expect(segments.map { $0.string(Tag(0x0062, 0x0005)) } == [findings[expected.label]])
            let pixels = segmentation.bytes(.pixelData)?.array.map(Int.init) ?? []
            #expect(pixels.count == 24 * 24)
            #expect(zip(pixels, expected.rows.joined()).allSatisfy { abs($0 - $1) <= 1 })
        }
    }

    @Test("Frames have groups of their own; without them the report is partial") func frames() throws {
        try withContext { folder, context in
            var stage = try stage(.segmentation)
            for (choice, flag, count) in [(FrameChoice.first, "PARTIAL", 1), (.all, "COMPLETE", 3)] {
                stage.frames = choice
                let output = folder + "/\(count)"
                #expect(try stage.run([folderOfImages + "/frames.dcm"], to: .folder(output), context).written == 2)
                let written = try objects(in: output)
                let report = try #require(written.first { $0.string(.modality) == "SR" })
                #expect(report.string(Tag(0x0040, 0xa491)) == flag)
                #expect(numbers(report).count == 3 * count)
                let maps = try #require(written.first { $0.string(.modality) == "SEG" })
                #expect(maps.int(.numberOfFrames) ?? 0 >= count)
                #expect(maps.bytes(.pixelData)?.array.max() == 255)
            }
        }
    }

    @Test("A damaged file is reported and the others have their results") func damaged() throws {
        try withContext { folder, context in
            try FileManager.default.copyItem(atPath: folderOfImages, toPath: folder + "/in")
            let whole = try Data(contentsOf: URL(fileURLWithPath: folderOfImages + "/film.dcm"))
            try whole.prefix(700).write(to: URL(fileURLWithPath: folder + "/in/broken.dcm"))
            var dataSet = try DICOMFile(path: folderOfImages + "/utf8.dcm").dataSet
            dataSet[.seriesInstanceUID] = nil
            try DICOMFile(dataSet: dataSet).write(to: folder + "/in/nameless.dcm")
            let report = try stage().run([folder + "/in/*.dcm"], to: .folder(folder + "/out"), context)
            #expect(report.written == 6)
            #expect(
                report.problems.map { ($0.source as NSString).lastPathComponent } == [
                    "broken.dcm", "nameless.dcm",
                ])
            #expect(!"\(report.problems)".contains("Wałęsa"))
        }
    }

    @Test("Heat maps of a model whose scores have no place are refused at once") func withoutPlace() throws {
        try withContext { folder, context in
            let output = ResultsStage.Destination.folder(folder + "/out")
            let refusing = try stage(.segmentation, "flowers.keras")
            let error = #expect(throws: InputError.self) { try refusing.run([images], to: output, context) }
            #expect(error?.kind == .unsupported)
            let scoring = try stage(.none, "flowers.keras")
            #expect(try scoring.run([images], to: output, context).written == 6)
        }
    }
}
