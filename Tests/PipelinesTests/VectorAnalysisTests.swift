import Analysis
import Evaluation
import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import Pipelines
import TestSupport
import Testing
import Warehouse

@Suite("Analysis of vector tables") struct VectorAnalysisTests {
    /// 60 vectors of 6 numbers around three centres, two of each patient; their classes stand in another table.
    private func withTables(_ body: (StageContext, Warehouse, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            try home.create()
            let warehouse = try Warehouse(home: home)
            var random = SeededGenerator(seed: 5)
            let classes = ["normal", "mild", "severe"]
            let vectors = (0..<60).map { row in
                (0..<6).map { Float($0 / 2 == row / 2 % 3 ? 1.5 : 0) + Float(random.uniform()) }
            }
            var rows = vectors.enumerated().map { row, vector in
                TableRow([
                    .init("path", .text("\(row).png")), .init("feature_vector", .vector(vector)),
                    .init("size", .integer(Int64(row))),
                ])
            }
            rows.append(TableRow([.init("path", "gone.png")]))
            let labels = (0..<60).map { row in
                TableRow([
                    .init("path", .text("\(row).png")), .init("patient", .text("p\(row / 2)")),
                    .init("finding", row == 59 ? .null : .text(classes[row / 2 % 3])),
                ])
            }
            for (name, source) in [
                ("features", rows), ("labels", labels + [TableRow([.init("path", "gone.png")])]),
            ] {
                try warehouse.load(
                    source, into: TableName(name), disposition: .truncate, from: .init(source: "test"), at: Date())
            }
            try body(StageContext(home: home, threads: 2), warehouse, folder)
        }
    }

    private var joined: VectorSource {
        var source = VectorSource("features")
        source.joins = ["labels"]
        return source
    }

    @Test("A map keeps the columns of both tables, and leaves out who has no vector") func map() throws {
        try withTables { context, warehouse, folder in
            var stage = MapStage(joined, .principalComponents(count: 3, isWhitened: false))
            stage.output = AnalysisOutput("map")
            (stage.output.figure, stage.colour, stage.projector) = (
                folder + "/map.svg", "finding", folder + "/projector"
            )
            let summary = try stage.run(context)
            #expect(summary.rows == 60 && summary.length == 6 && summary.withoutVector == 1)
            let table = try warehouse.query("SELECT * FROM map ORDER BY size LIMIT 2")
            #expect(table.columns.map(\.name) == ["path", "size", "patient", "finding", "pc1", "pc2", "pc3"])
            #expect(Array(table.rows[1].prefix(4)) == ["1.png", 1, "p0", "normal"])

            let matrix = FeatureMatrix(
                rows: 60, columns: 6,
                values: try warehouse.query("SELECT feature_vector FROM features ORDER BY size").rows.flatMap {
                    row in
                    if case .vector(let vector) = row[0] { vector } else { [Float]() }
                })
            let found = try PrincipalComponents(of: matrix, count: 3)
            #expect(summary.explainedVarianceRatio == found.explainedVarianceRatio)
            #expect(table.rows[1][4] == .real(Double(try found.project(matrix)[1, 0])))

            let figure = try String(contentsOfFile: folder + "/map.svg", encoding: .utf8)
            #expect(figure.components(separatedBy: "<circle").count == 61 && figure.contains("severe"))
            let lines = try String(contentsOfFile: folder + "/projector/vectors.tsv", encoding: .utf8).split(
                separator: "\n")
            #expect(lines.count == 60 && lines[0].split(separator: "\t").count == 6)
            let metadata = try String(contentsOfFile: folder + "/projector/metadata.tsv", encoding: .utf8)
            #expect(metadata.hasPrefix("path\tsize\tpatient\tfinding\n0.png\t0\tp0\tnormal\n"))
        }
    }

    @Test("A file gets what a table gets; a table that exists stays") func outputs() throws {
        try withTables { context, warehouse, folder in
            var stage = MapStage(VectorSource("SELECT path, feature_vector FROM features"), .tsne(TSNE()))
            stage.source.components = 4
            if case .tsne(var tsne) = stage.method {
                (tsne.perplexity, tsne.iterations) = (5, 60)
                stage.method = .tsne(tsne)
            }
            stage.output = AnalysisOutput(folder + "/map.csv")
            _ = try stage.run(context)
            let lines = try String(contentsOfFile: folder + "/map.csv", encoding: .utf8)
                .components(separatedBy: "\r\n")
            #expect(lines[0] == "path,x,y" && lines.count == 62)
            stage.output = AnalysisOutput("map")
            _ = try stage.run(context)
            let first = try warehouse.query("SELECT path, x, y FROM map ORDER BY rowid LIMIT 1").rows[0]
            guard case .real(let x) = first[1], case .real(let y) = first[2] else {
                Issue.record("no numbers")
                return
            }
            #expect(lines[1] == "0.png,\(x),\(y)")
            let history = try warehouse.history(of: TableName("map"))
            #expect(history.last?.provenance.notes["analysis"] == "t-SNE")
            #expect(throws: WarehouseError.self) { try stage.run(context) }
        }
    }

    @Test("Clusters are numbered by size and compared with classes") func clusters() throws {
        try withTables { context, warehouse, _ in
            for method in [
                ClusterStage.Method.kMeans(KMeans(clusters: 3)), .mixture(GaussianMixture(components: 3)),
            ] {
                var stage = ClusterStage(joined, method)
                stage.label = "finding"
                stage.output = AnalysisOutput("clusters")
                stage.output.disposition = .truncate
                let summary = try stage.run(context)
                #expect(summary.adjustedRandIndex == 1 && summary.normalizedMutualInformation == 1)
                #expect(summary.sizes == [20, 20, 20])
                let pairs = try warehouse.query(
                    "SELECT DISTINCT cluster, finding FROM clusters WHERE finding IS NOT NULL")
                #expect(pairs.rows.count == 3)
            }
        }
    }

    @Test(
        "A classifier is judged by patients and served as it was judged",
        arguments: [
            ClassifyStage.Method.logistic(LogisticRegression()), .supportVectors(SupportVectorTraining()),
            .perceptron(PerceptronTraining()),
        ])
    func classifier(method: ClassifyStage.Method) throws {
        try withTables { context, warehouse, folder in
            for (condition, count) in [(nil, 3), ("finding <> 'mild' OR finding IS NULL", 2)] {
                var stage = ClassifyStage(joined, method, label: "finding")
                stage.source.condition = condition
                stage.settings.bootstrap = nil
                stage.output = AnalysisOutput("predictions")
                stage.output.disposition = .truncate
                stage.model = folder + "/model"
                let result = try stage.run(context)
                #expect(result.group == "patient" && result.withoutLabel == 1)
                #expect(result.evaluation.labels.count == count)
                #expect(result.evaluation.means.macroAUC.value! > 0.95)
                // The row without a class is predicted by the model itself, which is what the file holds.
                let row = try warehouse.query("SELECT * FROM predictions WHERE path = '59.png'")
                let names = row.columns.map(\.name).filter { $0.hasPrefix("predicted_") }
                let expected = names.map { name -> Float in
                    guard case .real(let value) = row.rows[0][row.columns.firstIndex { $0.name == name }!] else {
                        return -1
                    }
                    return Float(value)
                }
                let vector = try warehouse.query("SELECT feature_vector FROM features WHERE path = '59.png'").rows[
                    0][0]
                guard case .vector(let values) = vector else {
                    Issue.record("no vector")
                    return
                }
                let model = try CompiledModel(.file(folder + "/model/model.onnx"))
                let served = try model.run(["feature_vector": NDArray(shape: [1, 6], values: values)])
                let probabilities = try #require(served["probabilities"]?.values)
                #expect(
                    zip(probabilities, expected).allSatisfy { abs($0 - $1) < 1e-4 } && probabilities.count == count
                )
                let classes = try String(contentsOfFile: folder + "/model/dict.txt", encoding: .utf8)
                #expect(classes.split(separator: "\n").map { "predicted_" + $0 } == names)
            }
        }
    }

    @Test("The rows most like one are those of the highest cosine, itself left out") func similar() throws {
        try withTables { context, warehouse, _ in
            var stage = SimilarStage(joined)
            stage.count = 4
            let found = try stage.run("7.png", context)
            #expect(
                found.isKnown && found.columns.map(\.name) == ["similarity", "path", "size", "patient", "finding"])
            let all = try warehouse.query(
                "SELECT path, feature_vector FROM features WHERE feature_vector IS NOT NULL"
            ).rows
            func vector(_ row: [SQLValue]) -> [Double] {
                if case .vector(let values) = row[1] { values.map(Double.init) } else { [] }
            }
            func cosine(_ a: [Double], _ b: [Double]) -> Double {
                func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
                return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
            }
            let expected = all.filter { $0[0] != "7.png" }.map { (cosine(vector($0), vector(all[7])), $0[0]) }
                .sorted { $0.0 > $1.0 }.prefix(4)
            #expect(found.rows.map { $0[1] } == expected.map(\.1))
            for (row, expected) in zip(found.rows, expected) {
                guard case .real(let similarity) = row[0] else {
                    Issue.record("no similarity")
                    return
                }
                #expect(abs(similarity - expected.0) < 1e-6)
            }
            stage.source.condition = "finding = 'severe'"
            #expect(try stage.run("4.png", context).rows.allSatisfy { $0[4] == "severe" })
            let nobody = #expect(throws: InputError.self) { try stage.run("none.png", context) }
            #expect(nobody!.description.contains("neither"))
        }
    }

    @Test("An image is embedded as those of the table were") func similarImage() throws {
        try withTables { context, warehouse, folder in
            try FileManager.default.createDirectory(atPath: folder + "/images", withIntermediateDirectories: true)
            for number in 0..<5 {
                // Brighter from picture to picture, so that directions differ.
                var random = SeededGenerator(seed: UInt64(number))
                let samples = (0..<(24 * 24)).map { _ in UInt8(random.next() % UInt64(40 + 50 * number)) }
                let image = Image(width: 24, height: 24, channels: 1, samples: .uint8(samples))
                try AtomicFile.write(PNG.encode(image), to: "\(folder)/images/\(number).png")
            }
            var configuration = ExtractorConfiguration(.untrained("tiny"))
            configuration.precision = .float32
            _ = try EmbedStage(extractor: configuration).run(
                ImageInput(folder + "/images"), output: .table("pictures"), context)
            try FileManager.default.copyItem(atPath: folder + "/images/3.png", toPath: folder + "/again.png")
            let found = try SimilarStage(VectorSource("pictures")).run(folder + "/again.png", context)
            guard case .real(let similarity) = found.rows[0][0] else {
                Issue.record("no similarity")
                return
            }
            #expect(!found.isKnown && abs(similarity - 1) < 1e-6 && found.rows.count == 5)
            let path = found.columns.firstIndex { $0.name == "path" }!
            #expect("\(found.rows[0][path])".contains("3.png"))
            // A table that nobody has noted anything of.
            let silent = #expect(throws: InputError.self) {
                try SimilarStage(VectorSource("features")).run(folder + "/again.png", context)
            }
            #expect(silent!.description.contains("--network"))
        }
    }

    @Test("What cannot be joined, or learned, says so") func refused() throws {
        try withTables { context, warehouse, _ in
            func message(_ body: () throws -> Void) -> String {
                do { try body() } catch { return "\(error)" }
                return "no error"
            }
            func read(_ change: (inout VectorSource) -> Void) -> String {
                var source = VectorSource("features")
                change(&source)
                return message { _ = try source.read(from: warehouse) }
            }
            let doubled = "SELECT path FROM labels UNION ALL SELECT path FROM labels"
            #expect(read { $0.joins = [doubled] }.contains("several rows for 61 values of path"))
            #expect(read { $0.joins = ["SELECT finding FROM labels"] }.contains("--on OWN=THEIRS"))
            #expect(read { $0.vector = "vectors" }.contains("no column vectors"))
            #expect(read { $0.condition = "size > 100" }.contains("no row with a vector"))
            let stage = ClassifyStage(VectorSource("features"), .logistic(LogisticRegression()), label: "size")
            #expect(message { _ = try stage.run(context) }.contains("too few"))
            let colours = ClusterStage(joined, .kMeans(KMeans(clusters: 100)))
            #expect(message { _ = try colours.run(context) }.contains("Ask for 1 to 60"))
        }
    }
}
