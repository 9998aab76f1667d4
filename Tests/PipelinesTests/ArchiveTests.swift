import Catalog
import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Pipelines
import Synchronization
import TestSupport
import Testing
import Warehouse

@Suite("Work on DICOM stores") struct ArchiveTests {
    private struct Archive {
        let home: Home
        let catalog: ModelCatalog
        let dicom: DICOMCatalog
        var context: StageContext { StageContext(home: home, threads: 2) }
        var runner: ArchiveRunner { ArchiveRunner(catalog: catalog) { [dicom] in dicom } }

        func store(_ name: String) throws -> DICOMStore { try dicom.store(DICOMStoreName(name), creating: true) }

        /// Puts work on `d/s` into the queue and does it.
        func done(_ action: ArchiveWork.Action, on store: String? = "s") async throws -> Job {
            let job = try catalog.createArchiveJob(ArchiveWork(dataset: "d", store: store, action))
            return try #require(try await runner.runNext(context), "\(job.id) was not taken up")
        }

        func log(_ job: Job) throws -> String { try catalog.log(of: job.id).map(\.text).joined(separator: "\n") }

        func bytes(_ path: String) -> [UInt8]? {
            FileManager.default.contents(atPath: home.buckets + "/" + path).map(Array.init)
        }

        func put(_ bytes: [UInt8], _ path: String) throws {
            let path = home.buckets + "/" + path
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
    }

    private func withArchive(_ body: (Archive) async throws -> Void) async throws {
        try await withAsyncTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            let archive = Archive(
                home: home, catalog: try ModelCatalog(home: home), dicom: try DICOMCatalog(home: home))
            _ = try archive.store("d/s")
            try await body(archive)
        }
    }

    /// A patient's image of 4 × 4 pixels, or several frames of them.
    private func image(_ number: Int, series: Int = 1, frames: Int = 1) throws -> [UInt8] {
        let pixels = (0..<16 * frames).map { UInt8(truncatingIfNeeded: number * 10 + $0) }
        let data = DataSet([
            .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2"), .text(.sopInstanceUID, "1.2.\(series).\(number)"),
            .text(.studyInstanceUID, "1.2"), .text(.seriesInstanceUID, "1.2.\(series)"), .text(.modality, "CT"),
            .text(.patientName, "Quetzal^Ann"), .text(.patientID, "QX4711"), .text(.studyDate, "20200131"),
            .uint16(.rows, 4), .uint16(.columns, 4), .uint16(.samplesPerPixel, 1), .uint16(.bitsAllocated, 8),
            .uint16(.bitsStored, 8), .uint16(.highBit, 7), .uint16(.pixelRepresentation, 0),
            .text(.numberOfFrames, "\(frames)"), .text(.photometricInterpretation, "MONOCHROME2"),
            .bytes(.pixelData, pixels, vr: .OB),
        ])
        return try DICOMFile(dataSet: data, transferSyntax: .implicitVRLittleEndian).serialized()
    }

    private func filled(_ archive: Archive) async throws {
        for number in 1...3 { try archive.put(image(number), "in/a/\(number).dcm") }
        try archive.put(image(4, series: 2, frames: 2), "in/b/4.dcm")
        #expect(try await archive.done(.importFiles(from: "gs://in/**.dcm")).state == .succeeded)
    }

    // MARK: Import

    @Test("Every match counts: what is no DICOM fails, what is there is left alone") func imports() async throws {
        try await withArchive { archive in
            for number in 1...3 { try archive.put(image(number), "in/a/\(number).dcm") }
            try archive.put(Array("Quetzal".utf8), "in/a/notes.dcm")
            try archive.put(Array("x,y".utf8), "in/a/list.csv")
            var other = try image(1)
            other[other.count - 1] ^= 1
            try archive.put(other, "in/again.dcm")
            let job = try await archive.done(.importFiles(from: "gs://in/**"))
            #expect(job.state == .failed && job.errorKind == nil)
            #expect((job.progress.completed, job.progress.errors, job.progress.total) == (4, 2, 6))
            let log = try archive.log(job)
            for line in [
                "gs://in/a/notes.dcm: ", "gs://in/a/list.csv: ", "gs://in/again.dcm: the store has another",
            ] {
                #expect(log.contains(line))
            }
            #expect(try archive.store("d/s").counts().instances == 3)
            let kept = try #require(try archive.store("d/s").instance("1.2.1.1"))
            #expect(FileManager.default.contents(atPath: kept.path).map(Array.init) == (try image(1)))
            let repeated = try await archive.done(.importFiles(from: "gs://in/a/?.dcm"))
            #expect(repeated.state == .succeeded && repeated.progress.completed == 3)
        }
    }

    @Test func nothingToImportIsAnError() async throws {
        try await withArchive { archive in
            let job = try await archive.done(.importFiles(from: "gs://in/**.dcm"))
            #expect(
                job.state == .failed && job.errorKind == .notFound && job.errorMessage.contains("gs://in/**.dcm"))
        }
    }

    @Test("An import that is stopped is taken up again and ends with everything in") func continues() async throws
    {
        try await withArchive { archive in
            for number in 1...40 { try archive.put(image(number), "in/\(number).dcm") }
            let job = try archive.catalog.createArchiveJob(
                ArchiveWork(dataset: "d", store: "s", .importFiles(from: "gs://in/*.dcm")))
            let asked = Mutex(0)
            var context = archive.context
            context.isCancelled = {
                asked.withLock { count in
                    count += 1
                    return count > 10
                }
            }
            let stopped = try #require(try await archive.runner.runNext(context))
            #expect(stopped.state == .queued)
            let before = try archive.store("d/s").counts().instances
            #expect((1..<40).contains(before))
            let done = try #require(try await archive.runner.runNext(archive.context))
            #expect(done.id == job.id && done.state == .succeeded && done.attempts == 2)
            #expect((done.progress.completed, done.progress.total) == (40, 40))
            #expect(try archive.store("d/s").counts().instances == 40)
            #expect(try await archive.store("d/s").verify().intact == 40)
        }
    }

    @Test func aCancelledImportEndsAsCancelled() async throws {
        try await withArchive { archive in
            try archive.put(image(1), "in/1.dcm")
            let job = try archive.catalog.createArchiveJob(
                ArchiveWork(dataset: "d", store: "s", .importFiles(from: "gs://in/*.dcm")))
            try archive.catalog.cancelJob(job.id)
            #expect(try await archive.runner.runNext(archive.context) == nil)
            #expect(try archive.catalog.job(job.id).state == .cancelled)
        }
    }

    // MARK: Export

    @Test(
        "Files as Google's API names them",
        arguments: [
            ("", ["1.2.1/1.2.1.1.dcm", "1.2.1/1.2.1.2.dcm", "1.2.1/1.2.1.3.dcm", "1.2.2/1.2.2.4.dcm"]),
            (
                "application/dicom; transfer-syntax=1.2.840.10008.1.2.1",
                ["1.2.1/1.2.1.1.dcm", "1.2.1/1.2.1.2.dcm", "1.2.1/1.2.1.3.dcm", "1.2.2/1.2.2.4.dcm"]
            ),
            (
                "image/png",
                [
                    "1.2.1/1.2.1.1.png", "1.2.1/1.2.1.2.png", "1.2.1/1.2.1.3.png", "1.2.2/1.2.2.4/1.png",
                    "1.2.2/1.2.2.4/2.png",
                ]
            ),
            (
                "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50",
                [
                    "1.2.1/1.2.1.1.jpg", "1.2.1/1.2.1.2.jpg", "1.2.1/1.2.1.3.jpg", "1.2.2/1.2.2.4/1.jpg",
                    "1.2.2/1.2.2.4/2.jpg",
                ]
            ),
            (
                "application/octet-stream; transfer-syntax=*",
                ["1.2.1/1.2.1.1", "1.2.1/1.2.1.2", "1.2.1/1.2.1.3", "1.2.2/1.2.2.4/1", "1.2.2/1.2.2.4/2"]
            ),
        ])
    func exportsNames(media: String, names: [String]) async throws {
        try await withArchive { archive in
            try await filled(archive)
            let job = try await archive.done(.exportFiles(.init(folder: "gs://out/x", mediaType: media)))
            #expect(job.state == .succeeded && job.progress.completed == 4 && job.progress.errors == 0)
            let root = archive.home.buckets + "/out/x/1.2/"
            #expect(try FileTree.files(below: root).map { String($0.dropFirst(root.count)) } == names)
        }
    }

    @Test("What is in the files; those that are there are written anew") func exportsBytes() async throws {
        try await withArchive { archive in
            try await filled(archive)
            try archive.put([1], "out/1.2/1.2.1/1.2.1.1.dcm")
            _ = try await archive.done(.exportFiles(.init(folder: "gs://out")))
            #expect(archive.bytes("out/1.2/1.2.1/1.2.1.1.dcm") == (try image(1)))
            let explicit = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
            _ = try await archive.done(.exportFiles(.init(folder: "gs://out", mediaType: explicit)))
            let file = try DICOMFile(path: archive.home.buckets + "/out/1.2/1.2.2/1.2.2.4.dcm")
            #expect(file.transferSyntax == .explicitVRLittleEndian)
            #expect(file.dataSet.bytes(.pixelData)?.array == (0..<32).map { UInt8(40 + $0) })
            _ = try await archive.done(
                .exportFiles(.init(folder: "gs://out", mediaType: "application/octet-stream; transfer-syntax=*")))
            #expect(archive.bytes("out/1.2/1.2.2/1.2.2.4/2") == (16..<32).map { UInt8(40 + $0) })
            _ = try await archive.done(.exportFiles(.init(folder: "gs://out", mediaType: "image/png")))
            _ = try ExportStage().run(archive.store("d/s"), to: "gs://own", archive.context)
            for (google, own) in [("1.2.1/1.2.1.3", "1.2.1/1.2.1.3"), ("1.2.2/1.2.2.4/2", "1.2.2/1.2.2.4_0002")] {
                let picture = archive.bytes("out/1.2/\(google).png")
                #expect(picture != nil && picture == archive.bytes("own/1.2/\(own).png"))
            }
        }
    }

    @Test(
        "A media type that is not written is refused before the work",
        arguments: [
            "image/gif", "image/png; transfer-syntax=*",
            "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90",
            "application/dicom; charset=x", "image/jpeg; transfer-syntax=1.2", "png",
        ])
    func refusesMedia(text: String) { #expect(throws: ArchiveError.self) { try ExportMedia(text) } }

    @Test("A filter file selects; what it names and is not there is a failure") func selects() async throws {
        try await withArchive { archive in
            try await filled(archive)
            let lines = ["/studies/1.2/series/1.2.2", "/studies/1.2/series/1.2.1/instances/1.2.1.2", "/studies/9"]
            try archive.put(Array(lines.joined(separator: "\r\n").utf8), "in/filter.txt")
            let job = try await archive.done(
                .exportFiles(.init(folder: "gs://out", selection: "gs://in/filter.txt")))
            #expect(job.state == .failed && job.progress.completed == 2 && job.progress.errors == 1)
            let names = try FileTree.files(below: archive.home.buckets + "/out").map {
                ($0 as NSString).lastPathComponent
            }
            #expect(names == ["1.2.1.2.dcm", "1.2.2.4.dcm"])
        }
    }

    @Test func resourcePathsDoNotOverlap() throws {
        let text =
            "/studies/1/series/2\n/studies/1\n\n/studies/3/series/4/instances/5\r\n/studies/3/series/4/instances/5"
        let filters = try ResourcePaths(text).filters
        #expect(
            filters == [
                InstanceFilter(studyInstanceUID: "1"),
                InstanceFilter(studyInstanceUID: "3", seriesInstanceUID: "4", sopInstanceUID: "5"),
            ])
        for bad in ["/studies", "/series/1", "/studies/1/instances/2", ""] {
            #expect(throws: ArchiveError.self) { try ResourcePaths(bad) }
        }
    }

    // MARK: Tables

    @Test("Dispositions: an empty table is written to, a full one refused, replaced or added to") func tables()
        async throws
    {
        try await withArchive { archive in
            try await filled(archive)
            let table = try TableName("d.t")
            func export(_ disposition: ArchiveWork.TableExport.Disposition) async throws -> (Job, rows: Int) {
                let job = try await archive.done(.exportTable(.init(table: "d.t", disposition: disposition)))
                return (job, try Warehouse(home: archive.home).rowCount(of: table))
            }
            let (first, rows) = try await export(.empty)
            #expect(first.state == .succeeded && rows == 4 && first.progress.completed == 4)
            let (second, same) = try await export(.empty)
            #expect(second.state == .failed && second.errorKind == .conflict && same == 4)
            #expect(try await export(.append).rows == 8)
            #expect(try await export(.truncate).rows == 4)
            let warehouse = try Warehouse(home: archive.home)
            let names = try warehouse.query("SELECT DISTINCT json_extract(PatientName, '$.Alphabetic') FROM `d.t`")
            #expect(names.rows == [[.text("Quetzal^Ann")]])
        }
    }

    // MARK: De-identification

    @Test("A dataset's stores keep their names, and nothing of the patient is in them or in the log")
    func deidentifies() async throws {
        try await withArchive { archive in
            try await filled(archive)
            // One that has to be looked at, and a file that is none any more, both named after the patient in places
            // that messages could repeat.
            var capture = try DICOMFile(bytes: Bytes(image(8))).dataSet
            capture[.modality] = .text(.modality, "OT")
            capture[.seriesInstanceUID] = .text(.seriesInstanceUID, "1.2.8")
            capture[Tag(0x0009, 0x0010)] = .text(Tag(0x0009, 0x0010), "QUETZAL PRIVATE")
            let source = try archive.store("d/s")
            _ = try source.ingest(Bytes(DICOMFile(dataSet: capture).serialized()), from: "")
            _ = try source.ingest(Bytes(image(9, series: 2)), from: "")
            let broken = try #require(try source.instance("1.2.2.9")).path
            try Data("Quetzal^Ann, QX4711".utf8).write(to: URL(fileURLWithPath: broken))
            let job = try await archive.done(.deidentify(.init(dataset: "public")), on: nil)
            #expect(job.progress.completed == 5 && job.progress.errors == 1)
            let store = try archive.dicom.store(DICOMStoreName("public/s"))
            let counts = try store.counts()
            #expect((counts.studies, counts.series, counts.instances) == (1, 3, 5))
            let log = try archive.log(job)
            #expect(log.contains("input 5 of 6") && log.contains("To be looked at, 1 of the images"))
            let texts =
                try [Data(log.utf8), Data("\(job)".utf8)]
                + FileTree.files(below: store.root).map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            for secret in ["Quetzal", "QUETZAL", "QX4711", "20200131", broken] {
                for text in texts { #expect(text.range(of: Data(secret.utf8)) == nil) }
            }
            #expect(try source.remove(InstanceFilter(sopInstanceUID: "1.2.2.9")) == 1)
            let again = try await archive.done(.deidentify(.init(dataset: "public")), on: nil)
            #expect(again.state == .succeeded)
            #expect(try store.counts().instances == 5)
            var kept = ArchiveWork.Deidentification(dataset: "d", store: "kept")
            kept.keepList = ["PatientID", "StudyInstanceUID"]
            kept.keepsInstanceUIDs = true
            #expect(try await archive.done(.deidentify(kept)).state == .succeeded)
            let instance = try #require(try archive.store("d/kept").instance("1.2.1.1"))
            #expect(instance.record.study.patientID == "QX4711" && instance.record.study.patientName == nil)
        }
    }

    @Test func whatCannotBeDoneIsToldBefore() throws {
        try withTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            try home.create()
            var settings = ArchiveWork.Deidentification(dataset: "d")
            settings.textRedactionMode = "REDACT_ALL_TEXT"
            #expect(throws: (any Error).self) { try ArchiveRunner.check(.deidentify(settings), home: home) }
            #expect(throws: (any Error).self) {
                try ArchiveRunner.check(.exportFiles(.init(folder: "gs://b", mediaType: "text/plain")), home: home)
            }
            #expect(throws: (any Error).self) {
                try ArchiveRunner.check(.exportTable(.init(table: "a b")), home: home)
            }
            #expect(throws: Never.self) {
                try ArchiveRunner.check(.exportTable(.init(table: "a.b")), home: home)
            }
        }
    }
}
