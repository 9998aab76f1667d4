import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("Ingest") struct IngestTests {
    @Test("Adds, and a second run changes nothing") func twice() async throws {
        try await withStore { store, folder async throws in
            let files = (0..<120).map {
                instanceBytes(study: "1.2.\($0 / 40)", series: "1.3.\($0 / 20)", instance: "1.4.\($0)")
            }
            let paths = try write(files, in: folder)
            let first = try await store.ingest(paths)
            #expect(first.written == 120 && first.unchanged == 0 && first.problems.isEmpty)
            let again = try await store.ingest(paths + paths.prefix(5))
            #expect(again.written == 0 && again.unchanged == 125 && again.problems.isEmpty)
            let counts = try store.counts()
            #expect(counts.studies == 3 && counts.series == 6 && counts.instances == 120)
            #expect(counts.bytes == files.map(\.count).reduce(0, +))
            #expect(try await store.verify() == Self.whole(120))
            #expect(try incomingFiles(folder).isEmpty)
        }
    }

    @Test("The same attributes in another file are no other instance, whether revisions are kept or not")
    func sameDataSet() async throws {
        let first = instanceBytes(instance: "1.1")
        let file = try DICOMFile(bytes: Bytes(first))
        let others = [
            [UInt8](repeating: 0x4d, count: 128) + first.dropFirst(128),
            try file.serialized(as: .implicitVRLittleEndian),
        ]
        for keepsRevisions in [false, true] {
            try await withStore { store, folder async throws in
                _ = try store.catalog.changeSettings(of: store.name) { $0.keepsRevisions = keepsRevisions }
                #expect(try store.ingest(Bytes(first), from: "first") == .added)
                // One by one, and all in one batch.
                for other in others { #expect(try store.ingest(Bytes(other), from: "other") == .unchanged) }
                let report = try await store.ingest(
                    try write(others + [instanceBytes(instance: "1.1", pixel: 9)], in: folder))
                #expect(report.unchanged == 2 && report.written == (keepsRevisions ? 1 : 0))
                #expect(try store.revisions(of: "1.1").count == (keepsRevisions ? 1 : 0))
                #expect(try await store.verify() == Self.whole(1))
                #expect(try incomingFiles(folder).isEmpty)
            }
        }
    }

    static func whole(_ count: Int) -> VerifyReport {
        var report = VerifyReport()
        report.intact = count
        return report
    }

    @Test("Outcomes come in order: added, unchanged, conflict, unreadable") func outcomes() async throws {
        try await withStore { store, folder async throws in
            let paths =
                try write(
                    [
                        instanceBytes(instance: "1.1"), instanceBytes(instance: "1.1"),
                        instanceBytes(instance: "1.1", pixel: 9),
                        instanceBytes(instance: nil), Array("no DICOM at all, but long enough to look".utf8), [],
                        instanceBytes(instance: "1.2"),
                    ], in: folder) + [folder + "/in/none.dcm", folder + "/in"]
            let seen = Mutex<[String]>([])
            let report = try await store.ingest(
                paths,
                outcome: { path, outcome in
                    let word = if case .unreadable = outcome { "unreadable" } else { "\(outcome)" }
                    seen.withLock { $0.append((path as NSString).lastPathComponent + " " + word) }
                })
            #expect(
                seen.withLock { $0 } == [
                    "f0.dcm added", "f1.dcm unchanged", "f2.dcm conflict", "f3.dcm unreadable",
                    "f4.dcm unreadable",
                    "f5.dcm unreadable", "f6.dcm added", "none.dcm unreadable", "in unreadable",
                ])
            #expect(report.written == 2 && report.unchanged == 1 && report.problems.count == 6)
            #expect(report.problems[1].reason.contains("(0008,0018): no SOP Instance UID"))
            let later = try await store.ingest([paths[2]])
            #expect(later.problems.first?.reason.contains("was kept") == true)
            #expect(try store.instance("1.1")?.contentHash == ContentHash(of: instanceBytes(instance: "1.1")))
            #expect(try await store.verify() == Self.whole(2))
        }
    }

    @Test(
        "UIDs that could climb or confuse are refused",
        arguments: [
            "../../x", "1.2/3", ".", "..", "1.2 3", "a.b", String(repeating: "1", count: 65), ".1",
        ])
    func hostileUIDs(uid: String) async throws {
        try await withStore { store, folder async throws in
            let paths = try write(
                [instanceBytes(instance: uid), instanceBytes(study: uid, instance: "1.1")], in: folder)
            let report = try await store.ingest(paths)
            #expect(report.written == 0 && report.problems.count == 2)
            #expect(
                report.problems.allSatisfy {
                    (uid.count < 3 || !$0.reason.contains(uid)) && $0.reason.contains("digits and dots")
                })
            #expect(try store.counts().instances == 0)
        }
    }

    @Test("Bytes go in one by one as well") func bytes() async throws {
        try await withStore { store, folder async throws in
            let bytes = Bytes(instanceBytes(instance: "1.1"))
            #expect(try store.ingest(bytes, from: "network") == .added)
            #expect(try store.ingest(bytes, from: "network") == .unchanged)
            #expect(
                try store.ingest(Bytes(instanceBytes(instance: "1.1", pixel: 1)), from: "network") == .conflict)
            #expect(throws: DICOMStoreError.self) {
                try store.ingest(Bytes(instanceBytes(instance: nil)), from: "network")
            }
            #expect(try incomingFiles(folder).isEmpty)
        }
    }

    @Test("Two ingests at once add each instance once") func concurrent() async throws {
        try await withStore { store, folder async throws in
            let paths = try write((0..<100).map { instanceBytes(instance: "1.4.\($0)") }, in: folder)
            let other = try store.catalog.store(store.name)
            async let first = store.ingest(paths)
            async let second = other.ingest(paths.reversed())
            let reports = try await [first, second]
            #expect(reports.map(\.written).reduce(0, +) == 100)
            #expect(reports.map(\.unchanged).reduce(0, +) == 100)
            #expect(try await store.verify() == Self.whole(100))
        }
    }

    @Test(
        "Real files come in, the others are listed",
        .enabled(if: testData("dicom") != nil, "needs the real data folder, see LIGHTBOX_TEST_DATA"))
    func realFiles() async throws {
        try await withStore { store, folder async throws in
            let paths = try store.catalog.home.files(at: testData("dicom") ?? "")
            let report = try await store.ingest(paths)
            #expect(report.written + report.unchanged + report.problems.count == paths.count)
            #expect(report.written > paths.count / 3)
            #expect(try await store.verify() == Self.whole(report.written))
        }
    }
}

@Suite("Crash", .serialized) struct CrashTests {
    struct Failed: Error {}

    @Test(
        "A failure at any step loses nothing that was acknowledged, and a repeat completes",
        arguments: IngestStep.allCases)
    func failure(step: IngestStep) async throws {
        try await withAsyncTemporaryFolder { folder async throws in
            try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
            let catalog = try DICOMCatalog(home: TestEngine.home(folder + "/home"))
            let name = try DICOMStoreName("d/s")
            let old = try write([instanceBytes(instance: "1.1")], in: folder, prefix: "old")
            _ = try await catalog.store(name, creating: true).ingest(old)
            let new = try write((0..<8).map { instanceBytes(instance: "1.4.\($0)") }, in: folder)
            let failing = try catalog.store(name, creating: false, batchSize: 256) {
                if $0 == step { throw Failed() }
            }
            await #expect(throws: Failed.self) { try await failing.ingest(new) }
            let store = try catalog.store(name)
            #expect(try await isConsistent(store))
            #expect(try store.counts().instances == (step == .committed ? 9 : 1))
            let report = try await store.ingest(old + new)
            #expect(report.written + report.unchanged == 9)
            #expect(try await store.verify() == IngestTests.whole(9))
            #expect(try incomingFiles(folder).isEmpty)
        }
    }

    @Test("So does kill -9", arguments: IngestStep.allCases) func killed(step: IngestStep) async throws {
        try await withAsyncTemporaryFolder { folder async throws in
            try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
            let paths = try write((0..<50).map { instanceBytes(instance: "1.4.\($0)") }, in: folder)
            let home = try TestEngine.home(folder + "/home")
            let database = home.settings.database
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    folder = folder as String, step = step as IngestStep, paths = paths as [String],
                    database = database as String?
                ] in
                let settings = HomeSettings(database: database)
                let catalog = try DICOMCatalog(home: Home(path: folder + "/home", settings: settings))
                // The second batch is the one that dies, so that the first has been acknowledged.
                let batches = Mutex(0)
                let store = try catalog.store(DICOMStoreName("d/s"), creating: true, batchSize: 20) { reached in
                    guard reached == step else { return }
                    let isSecond = batches.withLock { count in
                        count += 1
                        return count == 2
                    }
                    if isSecond { kill(getpid(), SIGKILL) }
                }
                let list = try AcknowledgedList(folder + "/acknowledged")
                _ = try await store.ingest(paths, outcome: { path, _ in list.add(path) })
            }
            #expect(try !incomingFiles(folder).isEmpty)
            let store = try DICOMCatalog(home: home).store(DICOMStoreName("d/s"))
            #expect(try incomingFiles(folder).isEmpty)
            #expect(try await isConsistent(store))
            let acknowledged = try String(contentsOfFile: folder + "/acknowledged", encoding: .utf8).split(
                separator: "\n")
            #expect(acknowledged.count == 20)
            #expect(try store.counts().instances >= acknowledged.count)
            for path in acknowledged {
                #expect(try store.ingest(Bytes(MappedFile(path: String(path))), from: "") == .unchanged)
            }
            _ = try await store.ingest(paths)
            #expect(try await store.verify() == IngestTests.whole(50))
        }
    }
}

/// Writes down what was acknowledged, for the process that comes after.
private final class AcknowledgedList: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
    }

    func add(_ path: String) {
        let line = Array((path + "\n").utf8)
        _ = Glibc.write(descriptor, line, line.count)
    }
}
