import DICOM
import DICOMStore
import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// DICOM stores whose files stand in a bucket.
@Suite("Instances in object storage") struct SharedStoreTests {
    private static func bytes(_ instance: String, pixel: UInt8 = 0) -> [UInt8] {
        let elements = [
            Element.text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7"), .text(.studyInstanceUID, "1.2"),
            .text(.seriesInstanceUID, "1.2.1"), .text(.sopInstanceUID, instance), .text(.patientID, "P1"),
            .int(.rows, 4), .int(.columns, 4), .bytes(.pixelData, Array(repeating: pixel, count: 16), vr: .OW),
        ]
        guard let bytes = try? DICOMFile(dataSet: DataSet(elements)).serialized() else {
            preconditionFailure("a plain data set can be written")
        }
        return bytes
    }

    private func withHomes(_ body: (SharedHomes) async throws -> Void) async throws {
        let bucket = MemoryBucket()
        let server = FaultyServer { request, _ in bucket.answer(request) }
        defer { server.stop() }
        try await withAsyncTemporaryFolder { folder in
            try await body(SharedHomes(bucket: bucket, server: server, folder: folder))
        }
    }

    private func store(
        in home: Home, keepsRevisions: Bool = false,
        onStep: @escaping @Sendable (IngestStep) throws -> Void = { _ in }
    ) throws -> DICOMStore {
        let catalog = try DICOMCatalog(home: home)
        let store = try catalog.store(DICOMStoreName("d/s"), creating: true, batchSize: 64, onStep: onStep)
        _ = try catalog.changeSettings(of: store.name) { $0.keepsRevisions = keepsRevisions }
        return store
    }

    /// The key of an instance with these bytes.
    private func key(_ bytes: [UInt8]) -> String {
        let hash = ContentHash(of: bytes).description
        return "ward/dicom/d/s/instances/\(hash.prefix(2))/\(hash).dcm"
    }

    private func write(_ files: [[UInt8]], in folder: String) throws -> [String] {
        try files.enumerated().map { index, bytes in
            let path = "\(folder)/f\(index).dcm"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    private func contents(_ path: String) throws -> [UInt8] { try Bytes(MappedFile(path: path)).array }

    @Test("What one home stores another reads with one request, under the path that a local file has")
    func shared() async throws {
        try await withHomes { homes in
            let (first, second) = (try homes.home("first"), try homes.home("second"))
            let files = (0..<40).map { Self.bytes("1.3.\($0)", pixel: UInt8($0)) }
            let store = try store(in: first)
            let report = try await store.ingest(try write(files, in: homes.folder))
            #expect(report.written == 40 && report.problems.isEmpty)
            #expect(homes.bucket.keys == files.map(key).sorted())
            #expect(homes.bucket.objects.withLock { $0[key(files[7])]?.bytes } == files[7])
            #expect(!FileManager.default.fileExists(atPath: first.dicom + "/d/s/instances"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: first.outgoing + "/dicom").isEmpty)

            let path = try #require(try store.instance("1.3.7")).path
            let other = second.dicom + path.dropFirst(first.dicom.count)
            _ = homes.bucket.asked()
            #expect(try contents(other) == files[7])
            #expect(try contents(other) == files[7])
            #expect(homes.bucket.asked() == ["GET \(key(files[7]))"])
            // Who has stored it has it at hand.
            #expect(try contents(path) == files[7])
            #expect(homes.bucket.asked().isEmpty)
            #expect(RemoteFiles.shown("see \(path)") == "see s3://b/\(key(files[7]))")
        }
    }

    @Test("The same again is not sent, nor what a crash has left there") func duplicates() async throws {
        try await withHomes { homes in
            let files = [Self.bytes("1.3.1"), Self.bytes("1.3.2")]
            let paths = try write(files, in: homes.folder)
            let store = try store(in: homes.home("first"))
            #expect(try await store.ingest([paths[0]]).written == 1)
            let left = homes.bucket.objects.withLock { $0[key(files[0])] }
            _ = homes.bucket.asked()
            #expect(try await store.ingest([paths[0], paths[0]]).unchanged == 2)
            #expect(homes.bucket.asked().isEmpty)
            #expect(try store.remove(InstanceFilter(sopInstanceUID: "1.3.1")) == 1)
            #expect(homes.bucket.keys.isEmpty)
            // An object without a row, whole or damaged.
            homes.bucket.objects.withLock { $0[key(files[0])] = left }
            _ = homes.bucket.asked()
            #expect(try await store.ingest([paths[0]]).written == 1)
            #expect(homes.bucket.asked() == ["HEAD \(key(files[0]))"])
            homes.bucket.objects.withLock { $0[key(files[1])] = .init(bytes: files[0], crc32c: left?.crc32c) }
            #expect(try await store.ingest([paths[1]]).written == 1)
            #expect(homes.bucket.objects.withLock { $0[key(files[1])]?.bytes } == files[1])
        }
    }

    @Test("Other bytes under a UID conflict or are kept as revisions, decided by the bytes that stand there")
    func otherBytes() async throws {
        for keepsRevisions in [false, true] {
            try await withHomes { homes in
                let first = Self.bytes("1.3.1")
                let same = try DICOMFile(bytes: Bytes(first)).serialized(as: .implicitVRLittleEndian)
                let other = Self.bytes("1.3.1", pixel: 9)
                let store = try store(in: homes.home("first"), keepsRevisions: keepsRevisions)
                #expect(try store.ingest(Bytes(first), from: "") == .added)
                #expect(try store.ingest(Bytes(same), from: "") == .unchanged)
                #expect(try store.ingest(Bytes(other), from: "") == (keepsRevisions ? .revised : .conflict))
                #expect(homes.bucket.keys == (keepsRevisions ? [key(first), key(other)].sorted() : [key(first)]))
                #expect(try await store.verify().isWhole)
                #expect(try store.remove(.all) == 1)
                #expect(homes.bucket.keys.isEmpty)
            }
        }
    }

    @Test("A failure between any two steps loses nothing and leaves nothing", arguments: IngestStep.allCases)
    func stepFails(step: IngestStep) async throws {
        struct Failed: Error {}
        try await withHomes { homes in
            let files = (0..<5).map { Self.bytes("1.3.\($0)") }
            let paths = try write(files, in: homes.folder)
            let home = try homes.home("first")
            let broken = try store(in: home) { if $0 == step { throw Failed() } }
            await #expect(throws: Failed.self) { try await broken.ingest(paths) }
            let isIn = step == .committed
            let store = try store(in: home)
            #expect(try store.counts().instances == (isIn ? 5 : 0))
            #expect(homes.bucket.keys.count == (isIn ? 5 : 0))
            #expect(try await store.ingest(paths).written == (isIn ? 0 : 5))
            #expect(try await store.verify(readsObjects: true).intact == 5)
        }
    }

    @Test("An instance that cannot be sent keeps no other out, and is taken when it is sent again")
    func oneFails() async throws {
        try await withHomes { homes in
            let files = (0..<30).map { Self.bytes("1.3.\($0)") }
            let paths = try write(files, in: homes.folder)
            let store = try store(in: homes.home("first"))
            let refused = key(files[13])
            homes.bucket.misbehave { method, key in
                method == "PUT" && key == refused ? .init(status: 403) : nil
            }
            let outcomes = Mutex<[String: IngestOutcome]>([:])
            let report = try await store.ingest(
                paths, outcome: { path, outcome in outcomes.withLock { $0[path] = outcome } })
            // Of the others none that had begun is lost.
            let unstored = outcomes.withLock { $0.filter { if case .unstored = $0.value { true } else { false } } }
            #expect(unstored[paths[13]] != nil && report.written == 30 - unstored.count)
            #expect(try store.counts().instances == report.written)
            #expect(report.problems.allSatisfy { !$0.reason.contains(SharedHomes.secret) })
            homes.bucket.misbehave(nil)
            #expect(try await store.ingest(paths).written == unstored.count)
            #expect(try await store.verify(readsObjects: true).intact == 30)
        }
    }

    @Test("A storage that is down fails every instance with its reason, and all goes on when it is back")
    func down() async throws {
        try await withHomes { homes in
            let paths = try write((0..<40).map { Self.bytes("1.3.\($0)") }, in: homes.folder)
            let store = try store(in: homes.home("first"))
            #expect(try await store.ingest([paths[0]]).written == 1)
            homes.bucket.misbehave { _, _ in .init(isSilent: true) }
            let report = try await store.ingest(paths)
            #expect(report.written == 0 && report.unchanged == 1 && report.problems.count == 39)
            #expect(report.problems.allSatisfy { !$0.reason.contains(SharedHomes.secret) && !$0.reason.isEmpty })
            // Whether it is the same data set cannot be told, so it is not called a conflict.
            guard case .unstored = try store.ingest(Bytes(Self.bytes("1.3.0", pixel: 1)), from: "") else {
                homes.bucket.misbehave(nil)
                // At hand from its own storing.
                #expect(try store.counts().instances == 1)
                return
            }
            homes.bucket.misbehave(nil)
            #expect(try await store.ingest(paths).written == 39)
        }
    }

    @Test("Verify finds what is missing, changed and unknown, most of it by one list") func verify() async throws {
        try await withHomes { homes in
            let files = (0..<20).map { Self.bytes("1.3.\(10 + $0)") }
            let home = try homes.home("first")
            let store = try store(in: home)
            _ = try await store.ingest(try write(files, in: homes.folder))
            func path(_ bytes: [UInt8]) -> String { home.path + "/" + key(bytes).dropFirst("ward/".count) }
            homes.bucket.objects.withLock { objects in
                objects[key(files[0])] = nil
                objects[key(files[1])]?.bytes.append(0)
                objects[key(files[2])]?.bytes[200] ^= 1
                objects["ward/dicom/d/s/instances/00/unknown"] = .init(bytes: [1])
            }
            _ = homes.bucket.asked()
            let listed = try await store.verify()
            #expect(listed.missing == [path(files[0])] && listed.changed == [path(files[1])])
            #expect(listed.orphaned == [home.dicom + "/d/s/instances/00/unknown"] && listed.intact == 18)
            #expect(homes.bucket.asked().filter { $0.hasPrefix("GET") }.isEmpty)
            let read = try await store.verify(removesUnknown: true, readsObjects: true)
            #expect(Set(read.changed) == [path(files[1]), path(files[2])] && read.intact == 17)
            #expect(read.missing == listed.missing && read.orphaned == listed.orphaned)
            #expect(!homes.bucket.keys.contains("ward/dicom/d/s/instances/00/unknown"))
            #expect(try await store.verify().orphaned.isEmpty)
        }
    }

    @Test("Wrong bytes are an error and leave no copy") func wrongBytes() async throws {
        try await withHomes { homes in
            let bytes = Self.bytes("1.3.1")
            let (first, second) = (try homes.home("first"), try homes.home("second"))
            let path = try #require(
                try {
                    let store = try store(in: first)
                    _ = try store.ingest(Bytes(bytes), from: "")
                    return try store.instance("1.3.1")?.path
                }())
            let other = second.dicom + path.dropFirst(first.dicom.count)
            homes.bucket.objects.withLock { $0[key(bytes)]?.bytes[150] ^= 1 }
            let error = #expect(throws: ObjectError.self) { try MappedFile(path: other) }
            #expect(error?.code == .wrongContent)
            homes.bucket.objects.withLock { $0[key(bytes)]?.bytes[150] ^= 1 }
            #expect(try contents(other) == bytes)
        }
    }

    @Test("Many who want the same at once bring it once; who has it open keeps it when it is removed")
    func atOnce() async throws {
        try await withHomes { homes in
            let bytes = Self.bytes("1.3.1")
            let (first, second) = (try homes.home("first"), try homes.home("second"))
            let store = try store(in: first)
            _ = try store.ingest(Bytes(bytes), from: "")
            let path = try #require(try store.instance("1.3.1")?.path)
            let other = second.dicom + path.dropFirst(first.dicom.count)
            _ = homes.bucket.asked()
            DispatchQueue.concurrentPerform(iterations: 16) { _ in _ = try? MappedFile(path: other) }
            #expect(homes.bucket.asked() == ["GET \(key(bytes))"])
            let opened = try MappedFile(path: path)
            #expect(try store.remove(.all) == 1)
            #expect(homes.bucket.keys.isEmpty && Bytes(opened).array == bytes)
            #expect(throws: ObjectError.self) { try MappedFile(path: path) }
        }
    }

    @Test("A deleted store's objects go, also after a crash in between; a new one of its name keeps its own")
    func deletion() async throws {
        try await withHomes { homes in
            let home = try homes.home("first")
            let (old, kept) = (Self.bytes("1.3.1"), Self.bytes("1.3.2"))
            let store = try store(in: home)
            for bytes in [old, kept] { _ = try store.ingest(Bytes(bytes), from: "") }
            try store.catalog.forget(store.name)
            #expect(homes.bucket.keys.count == 2)
            let new = try store.catalog.store(store.name, creating: true)
            #expect(try new.ingest(Bytes(kept), from: "") == .added)
            // The next to open the catalogue finishes it.
            #expect(try DICOMCatalog(home: home).stores().count == 1)
            #expect(homes.bucket.keys == [key(kept)])
            try new.catalog.delete(new.name)
            #expect(homes.bucket.keys.isEmpty)
        }
    }

    @Test("Bytes that come back while their object is being removed are sent again") func comesBack() async throws
    {
        try await withHomes { homes in
            let home = try homes.home("first")
            let bytes = Self.bytes("1.3.1")
            let (remover, adder) = (try store(in: home), try store(in: home))
            #expect(try remover.ingest(Bytes(bytes), from: "") == .added)
            let isBack = DispatchSemaphore(value: 0)
            let outcome = Mutex<IngestOutcome?>(nil)
            homes.bucket.misbehave { [bucket = homes.bucket] method, _ in
                guard method == "DELETE" else { return nil }
                bucket.misbehave(nil)
                Thread.detachNewThread {
                    let result = try? adder.ingest(Bytes(bytes), from: "")
                    outcome.withLock { $0 = result }
                    isBack.signal()
                }
                // Right is that it waits for the removal; given the time, wrong code would be through by then.
                if isBack.wait(timeout: .now() + 0.5) == .success { isBack.signal() }
                return nil
            }
            #expect(try remover.remove(.all) == 1)
            isBack.wait()
            #expect(outcome.withLock { $0 } == .added)
            #expect(homes.bucket.keys == [key(bytes)])
            #expect(try await adder.verify().intact == 1)
        }
    }

    @Test("What another one has put under the UID meanwhile stands, and what was sent in vain is removed")
    func overtaken() async throws {
        try await withHomes { homes in
            let home = try homes.home("first")
            let quick = Self.bytes("1.3.1", pixel: 1)
            let other = try store(in: home)
            let isOvertaken = Mutex(false)
            let slow = try store(in: home) { step in
                guard step == .renamed, !isOvertaken.withLock({ $0 }) else { return }
                isOvertaken.withLock { $0 = true }
                _ = try other.ingest(Bytes(quick), from: "")
            }
            #expect(try slow.ingest(Bytes(Self.bytes("1.3.1", pixel: 2)), from: "") == .conflict)
            #expect(homes.bucket.keys == [key(quick)])
            #expect(try await slow.verify().intact == 1)
        }
    }
}
