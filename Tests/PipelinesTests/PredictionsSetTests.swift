import Evaluation
import Features
import Foundation
import Imaging
import LightboxCore
import ModelRegistry
import Networks
import Pipelines
import TestSupport
import Testing
import Warehouse

/// Twenty random pictures in `folder`, a broken one, and a list of them all; and a model of the tiny network.
private func withPictures(_ body: (StageContext, ModelFolder, [Image]) throws -> Void) throws {
    try withTemporaryFolder { folder in
        var random = SeededGenerator(seed: 5)
        let images = (0..<20).map { _ in
            let samples = (0..<40 * 30 * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return Image(width: 40, height: 30, channels: 3, samples: .uint8(samples))
        }
        for (index, image) in images.enumerated() {
            try AtomicFile.write(PNG.encode(image), to: "\(folder)/\(index).png")
        }
        try AtomicFile.write(Array("no picture".utf8), to: folder + "/broken.png")
        let lines = (0..<20).map { "\($0).png,\($0 % 2)\n" }
        try AtomicFile.write(Array(("path,Pleural Effusion\n" + lines.joined()).utf8), to: folder + "/list.csv")
        let network = try Network.named("tiny")
        let head = ClassifierHead(classes: 2)
        let output = ModelOutput.states(["edema", "Pleural Effusion"])
        let manifest = ModelManifest(
            name: "chest", architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
            preprocessing: network.preprocessing, output: output,
            provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 0)))
        let weights = NetworkWeights.initial(for: try network.graph(head: head), seed: 6)
        let model = try ModelFolder.write(manifest, weights: weights, to: folder + "/run/model")
        try body(StageContext(home: try TestEngine.home(folder + "/home"), threads: 2), model, images)
    }
}

@Suite("Predictions of a data set") struct PredictionsSetTests {
    @Test("Writes each image's scores under its path") func scores() throws {
        try withPictures { context, model, images in
            try context.home.create()
            let folder = (model.path as NSString).deletingLastPathComponent
            let list = (folder as NSString).deletingLastPathComponent + "/list.csv"
            var stage = PredictSetStage(model: folder)
            let report = try stage.run(ImageInput(list), table: "chest.predictions", context)
            #expect(report.written == 20 && report.problems.isEmpty)
            let warehouse = try Warehouse(home: context.home)
            let result = try warehouse.query(
                """
                SELECT path, model, predicted_edema, predicted_pleural_effusion FROM "chest.predictions"
                ORDER BY length(path), path
                """)
            let expected = try ModelPredictor(model).predict(images)
            for (index, row) in result.rows.enumerated() {
                #expect(row[0] == .text("\(index).png") && row[1] == .text("chest"))
                guard case .real(let first) = row[2], case .real(let second) = row[3] else {
                    Issue.record("no scores")
                    continue
                }
                #expect(abs(first - Double(expected[index].scores[0])) < 1e-6)
                #expect(abs(second - Double(expected[index].scores[1])) < 1e-6)
            }
            #expect(throws: InputError.self) {
                try stage.run(ImageInput(list), table: "chest.predictions", context)
            }
            stage.disposition = .append
            let appended = try stage.run(ImageInput(list), table: "chest.predictions", context).written
            #expect(appended == 20)
            #expect(try warehouse.rowCount(of: TableName("chest.predictions")) == 40)
        }
    }

    @Test("Leaves out what is no picture and says so") func problems() throws {
        try withPictures { context, model, _ in
            try context.home.create()
            let run = (model.path as NSString).deletingLastPathComponent
            let folder = (run as NSString).deletingLastPathComponent
            var stage = PredictSetStage(model: model.path)
            let report = try stage.run(ImageInput(folder + "/*.png"), table: "p", context)
            #expect(report.written == 20)
            #expect(report.problems.map(\.source) == [folder + "/broken.png"])
            stage.stopsAtFirstError = true
            stage.disposition = .truncate
            #expect(throws: InputError.self) { try stage.run(ImageInput(folder + "/*.png"), table: "p", context) }
            let warehouse = try Warehouse(home: context.home)
            #expect(try warehouse.rowCount(of: TableName("p")) == 20)
        }
    }

    @Test("Predictions and a loaded list of labels meet by path") func evaluated() throws {
        try withPictures { context, model, _ in
            try context.home.create()
            let run = (model.path as NSString).deletingLastPathComponent
            let list = (run as NSString).deletingLastPathComponent + "/list.csv"
            _ = try PredictSetStage(model: run).run(ImageInput(list), table: "p", context)
            _ = try LoadStage().run(list, table: "truth", context)
            var stage = EvaluateTablesStage(predictions: ["p"], labels: "truth")
            stage.labelNames = ["pleural_effusion"]
            stage.settings = .quick
            let found = try stage.run(context)
            #expect(found.matched == 20)
            #expect(found.evaluations[0].labels[0].counts.positives == 10)
        }
    }
}
