import DICOMStore
import Features
import Foundation
import LightboxCore
import Pipelines
import Synchronization
import TestSupport
import Testing
import Warehouse
import WireFormats

/// A few synthetic films from file to SQL with the `tiny` network: every stage on the next one's real output.
@Suite("The walk of one image") struct WalkTests {
    /// A store `films` with the films of two patients, and where everything is.
    private func withFilms(_ body: (StageContext, DICOMStore, StageReport) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let context = StageContext(home: try TestEngine.home(folder + "/home"))
            try context.home.create()
            let drawn = try PhantomStage(patients: 2, seed: 5).run(output: folder + "/films", context)
            let store = try DICOMCatalog(home: context.home).store(DICOMStoreName("films"), creating: true)
            let imported = try ImportStage().run([folder + "/films/**.dcm"], into: { _ in store }, context)
            #expect(imported.written == drawn.written && imported.problems.isEmpty)
            try body(context, store, drawn)
        }
    }

    private func tiny() -> EmbedStage {
        var extractor = ExtractorConfiguration(.untrained("tiny"))
        extractor.precision = .float32
        var stage = EmbedStage(extractor: extractor)
        stage.batchSize = 1
        return stage
    }

    @Test("Every instance arrives in SQL under its own UID, with the vector of its own pixels") func walk() throws
    {
        try withFilms { context, store, drawn in
            let home = context.home.path
            let metadata = try MetadataStage().run(store, table: "scans", context)
            #expect(metadata.written == drawn.written)
            let exported = try ExportStage().run(store, to: home + "/png", context)
            #expect(exported.written == drawn.written && exported.problems.isEmpty)
            var records = RecordsStage()
            records.shape = ImageShape("32,32,3")
            records.shards = 2
            _ = try records.run(.files(pattern: home + "/png"), output: home + "/records/films", context)
            let vectors = home + "/vectors.jsonl"
            let embedded = try tiny().run(
                .records(pattern: home + "/records/*.tfrecord"), output: .jsonLines(path: vectors), context)
            #expect(embedded.stage.written == drawn.written && embedded.stage.problems.isEmpty)
            _ = try LoadStage().run(vectors, table: "features", context)
            let joined = try Warehouse(home: context.home).query(
                """
                SELECT count(DISTINCT s.SOPInstanceUID), count(DISTINCT vector_json(f.feature_vector)),
                       min(cosine_similarity(f.feature_vector, f.feature_vector))
                FROM scans AS s JOIN features AS f ON f.instance = s.SOPInstanceUID AND f.study = s.StudyInstanceUID
                """)
            let count = SQLValue.integer(Int64(drawn.written))
            #expect(joined.rows[0][0] == count && joined.rows[0][1] == count)
            guard case .real(let same) = joined.rows[0][2] else {
                Issue.record("no similarity")
                return
            }
            #expect(abs(same - 1) < 1e-6)
        }
    }

    @Test(
        "A run that was stopped goes on, and ends with the bytes of one that was not", arguments: ["jsonl", "npy"])
    func resumes(form: String) throws {
        try withFilms { context, _, drawn in
            let (whole, stopped) = (context.home.path + "/whole." + form, context.home.path + "/stopped." + form)
            _ = try tiny().run(.store("films"), output: VectorOutput(whole), context)
            let done = Mutex(0)
            let interrupted = StageContext(
                home: context.home, progress: { update in done.withLock { $0 = update.completed } },
                isCancelled: { done.withLock { $0 >= 2 } })
            #expect(throws: Cancelled(stage: "embed", continues: true)) {
                _ = try tiny().run(.store("films"), output: VectorOutput(stopped), interrupted)
            }
            #expect(!FileManager.default.fileExists(atPath: stopped))
            let resumed = try tiny().run(.store("films"), output: VectorOutput(stopped), context)
            #expect(resumed.stage.unchanged >= 2)
            #expect(resumed.stage.written + resumed.stage.unchanged == drawn.written)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: stopped))
                    == Data(contentsOf: URL(fileURLWithPath: whole)))
        }
    }

    @Test("A broken file is named with its reason, and the others go on") func brokenFile() throws {
        try withFilms { context, _, drawn in
            let folder = context.home.path + "/mixed"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try AtomicFile.write(Array("not a DICOM file".utf8), to: folder + "/broken.dcm")
            let film = try FileTree.files(matching: context.home.path + "/../films/**.dcm")[0]
            try FileManager.default.copyItem(atPath: film, toPath: folder + "/film.dcm")
            let report = try tiny().run(
                .files(pattern: folder), output: .jsonLines(path: folder + "/v.jsonl"), context
            ).stage
            #expect(report.written == 1)
            #expect(report.problems.map(\.source) == [folder + "/broken.dcm"])
        }
    }

    @Test("Shards hold each image once, in the order of the input, and a second set replaces the first")
    func shards() throws {
        try withFilms { context, _, drawn in
            let prefix = context.home.path + "/records/r"
            var stage = RecordsStage()
            stage.shape = ImageShape("16,16,1")
            stage.shards = 3
            _ = try stage.run(.store("films"), output: prefix, context)
            #expect(throws: InputError.self) { _ = try stage.run(.store("films"), output: prefix, context) }
            stage.shards = 2
            stage.overwrites = true
            let report = try stage.run(.store("films"), output: prefix, context)
            let paths = try TFRecordShards.paths(matching: context.home.path + "/records")
            #expect(paths == report.outputs && paths.count == 2)
            let reader = TFRecordReader(paths: paths)
            var instances: [String] = []
            while let record = try reader.next() { instances.append(try record.example().text("instance") ?? "") }
            let expected = try DICOMCatalog(home: context.home).store(DICOMStoreName("films"))
                .instances(limit: 1000).map(\.record.instance.sopInstanceUID)
            #expect(instances == expected)
        }
    }
}
