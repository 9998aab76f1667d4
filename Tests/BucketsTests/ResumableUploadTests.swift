import Buckets
import Foundation
import LightboxCore
import Testing

@Suite("Resumable uploads") struct ResumableUploadTests {
    private let bytes: [UInt8] = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ ($0 >> 8)) }

    private func add(_ upload: ResumableUpload, _ range: Range<Int>, size: Int? = nil, isLast: Bool = false) throws
        -> UploadState?
    {
        guard let (turn, known) = try upload.begin(at: range.lowerBound, size: size) else { return nil }
        try bytes[range].dropFirst(known).withUnsafeBytes { try upload.append($0, in: turn) }
        return try upload.end(in: turn, isLast: isLast, expecting: ExpectedHashes())
    }

    private func find(_ id: String, _ bench: Bench) throws -> ResumableUpload {
        guard case .open(let upload) = try bench.buckets.uploads.enter(id, in: bench.bucket) else {
            throw BucketError(.noSuchUpload, "it has ended")
        }
        return upload
    }

    @Test("Goes on in another process from the last byte that is on the disk") func outlastsProcesses() throws {
        try Bench.with { bench in
            let id = try bench.buckets.uploads.begin(.named("a/b", size: bytes.count), in: bench.bucket).id
            #expect(try add(find(id, bench), 0..<1000) == .open(1000))
            let second = try bench.reopened()
            // What was written and never told to be on the disk.
            let file = try FileHandle(
                forWritingTo: URL(fileURLWithPath: "\(bench.path)/.lightbox-incoming/\(id).upload"))
            try file.seekToEnd()
            try file.write(contentsOf: Data("torn".utf8))
            #expect(try find(id, second).state() == .open(1000))
            #expect(try add(find(id, second), 2000..<3000) == nil)
            #expect(try add(find(id, second), 500..<70_000) == .open(70_000))
            let third = try second.reopened()
            guard case .ended(let object) = try add(find(id, third), 70_000..<bytes.count) else {
                Issue.record("it does not end")
                return
            }
            #expect(object.size == bytes.count)
            #expect(try Data(contentsOf: URL(fileURLWithPath: bench.path + "/a/b")) == Data(bytes))
            #expect(try bench.object("a/b").hashes == object.hashes && bench.incoming.isEmpty)
            // Hashed on its way as it is when read.
            try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: bench.path + "/a/b")
            #expect(try bench.object("a/b").hashes == object.hashes)
            guard case .ended = try third.buckets.uploads.enter(id, in: third.bucket) else {
                Issue.record("an upload that ended says so")
                return
            }
        }
    }

    @Test("Sizes are held against one another") func sizes() throws {
        try Bench.with { bench in
            let upload = try bench.buckets.uploads.begin(.named("a", size: 10), in: bench.bucket)
            #expect(code { try upload.begin(at: 0, size: 11) } == .invalidArgument)
            #expect(code { try add(upload, 0..<11) } == .invalidArgument)
            #expect(try add(upload, 0..<10).map { if case .ended = $0 { true } else { false } } == true)
            let open = try bench.buckets.uploads.begin(.named("b"), in: bench.bucket)
            #expect(try add(open, 0..<5) == .open(5))
            #expect(try open.state() == .open(5))
            guard case .ended(let object) = try open.state(size: 5) else {
                Issue.record("the size came last")
                return
            }
            #expect(object.size == 5)
            let empty = try bench.buckets.uploads.begin(.named("c"), in: bench.bucket)
            #expect(
                try add(empty, 0..<0, isLast: true).map { if case .ended = $0 { true } else { false } } == true)
            #expect(try bench.object("c").size == 0)
        }
    }

    @Test("Whoever asks last goes on, and the one before is told") func takesTurns() throws {
        try Bench.with { bench in
            let upload = try bench.buckets.uploads.begin(.named("a"), in: bench.bucket)
            let (first, _) = try #require(try upload.begin(at: 0, size: nil))
            try bytes[..<10].withUnsafeBytes { try upload.append($0, in: first) }
            #expect(try upload.state() == .open(10))
            #expect(code { try bytes[..<10].withUnsafeBytes { try upload.append($0, in: first) } } == .superseded)
            #expect(code { try upload.end(in: first, isLast: true, expecting: ExpectedHashes()) } == .superseded)
            #expect(try add(upload, 10..<20) == .open(20))
        }
    }

    @Test("What is taken back, and what never was, is not there") func cancels() throws {
        try Bench.with { bench in
            let upload = try bench.buckets.uploads.begin(.named("a"), in: bench.bucket)
            _ = try add(upload, 0..<10)
            try bench.buckets.uploads.cancel(upload.id, in: bench.bucket)
            #expect(bench.incoming.isEmpty && !bench.exists("a"))
            for id in [upload.id, "", "../x", "nul\0"] {
                #expect(code { try bench.buckets.uploads.enter(id, in: bench.bucket) } == .noSuchUpload)
                #expect(code { try bench.buckets.uploads.cancel(id, in: bench.bucket) } == .noSuchUpload)
            }
            // Its bytes were removed by hand.
            let lost = try bench.buckets.uploads.begin(.named("b"), in: bench.bucket)
            try FileManager.default.removeItem(atPath: "\(bench.path)/.lightbox-incoming/\(lost.id).upload")
            #expect(code { try lost.begin(at: 0, size: nil) } == .noSuchUpload)
            var isNew = ObjectConditions()
            isNew.generation = 0
            try bench.put("c")
            #expect(
                code { try bench.buckets.uploads.begin(.named("c", if: isNew), in: bench.bucket) }
                    == .conditionNotMet)
            #expect(code { try bench.buckets.uploads.begin(.named("../c"), in: bench.bucket) } == .invalidName)
        }
    }
}
