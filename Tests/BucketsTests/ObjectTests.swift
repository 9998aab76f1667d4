import Buckets
import Foundation
import LightboxCore
import Synchronization
import Testing

@Suite("Objects in folders") struct ObjectTests {
    @Test("What was said of an object stands beside its bytes, for every process")
    func keepsProperties() throws {
        try Bench.with { bench in
            var properties = ObjectProperties()
            properties.contentType = "text/x-test"
            properties.metadata = ["a": "1"]
            let made = try bench.put("a/b.txt", "123456789", properties)
            // `printf 123456789 | openssl md5 -binary | base64`; the check value of CRC-32C is E3069283H.
            #expect(made.hashes?.md5Text == "JfnnlDI7RTiF9RgfG2JNCw==")
            #expect(made.hashes?.crc32cText == "4waSgw==")
            for bench in [bench, try bench.reopened()] {
                #expect(try bench.object("a/b.txt") == made)
                #expect(try bench.text("a/b.txt") == "123456789")
            }
            #expect(bench.incoming.isEmpty)
        }
    }

    @Test("Files that were put there or written over by hand are objects of their own bytes")
    func followsFiles() throws {
        try Bench.with { bench in
            try bench.write("hand", "123456789")
            let found = try bench.object("hand")
            #expect(found.hashes?.crc32cText == "4waSgw==" && found.metageneration == 1)
            #expect(try bench.object("hand").generation == found.generation)
            var properties = ObjectProperties()
            properties.contentType = "text/x-test"
            let made = try bench.put("mine", "one", properties)
            // Of the same length, and in place.
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: bench.path + "/mine"))
            try file.write(contentsOf: Data("two".utf8))
            try file.close()
            let changed = try bench.object("mine")
            #expect(changed.hashes != made.hashes && changed.properties.contentType == nil)
            #expect(changed.generation != made.generation)
            let again = try bench.put("mine", "three")
            #expect(again.generation > max(made.generation, changed.generation))
            try FileManager.default.removeItem(atPath: bench.path + "/mine")
            #expect(code { try bench.object("mine") } == .noSuchObject)
        }
    }

    @Test("A file that another took the place of says nothing of the new one, however it came")
    func renamedByHand() throws {
        try Bench.with { bench in
            var properties = ObjectProperties()
            properties.contentType = "text/x-test"
            try bench.put("a", "one", properties)
            try bench.put("b", "two")
            #expect(rename(bench.path + "/b", bench.path + "/a") == 0)
            #expect(try bench.object("a").properties.contentType == nil)
            #expect(try bench.text("a") == "two")
        }
    }

    @Test("Links, pipes and folders are no objects, and lead nowhere")
    func followsNoLinks() throws {
        try Bench.with { bench in
            let outside = bench.buckets.home.path + "/outside"
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
            try Data("secret".utf8).write(to: URL(fileURLWithPath: outside + "/secret"))
            #expect(symlink(outside, bench.path + "/folder") == 0)
            #expect(symlink(outside + "/secret", bench.path + "/file") == 0)
            #expect(mkfifo(bench.path + "/pipe", 0o600) == 0)
            try bench.write("real/inside")
            for name in ["folder/secret", "file", "pipe", "real"] {
                #expect(code { try bench.object(name) } == .noSuchObject, "\(name)")
                #expect(
                    code { try bench.bucket.remove(ObjectKey(name), if: ObjectConditions()) } == .noSuchObject,
                    "\(name)")
            }
            #expect(code { try bench.put("folder/new") } == .invalidName)
            #expect(code { try bench.put("real") } == .invalidName)
            #expect(code { try bench.put("real/inside/below") } == .invalidName)
            try bench.put("file", "mine")
            #expect(try String(contentsOfFile: outside + "/secret", encoding: .utf8) == "secret")
            #expect(try bench.keys().names == ["file", "real/inside"])
            #expect(bench.incoming.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["secret"])
        }
    }

    @Test("Conditions are held against what stands there at the end") func conditions() throws {
        try Bench.with { bench in
            var isNew = ObjectConditions()
            isNew.generation = 0
            let first = try bench.put("a", "one", if: isNew)
            #expect(code { try bench.put("a", "two", if: isNew) } == .conditionNotMet)
            var same = ObjectConditions()
            same.generation = first.generation
            let second = try bench.put("a", "two", if: same)
            #expect(second.generation > first.generation)
            #expect(code { try bench.put("a", "three", if: same) } == .conditionNotMet)
            #expect(code { try bench.bucket.remove(ObjectKey("a"), if: same) } == .conditionNotMet)
            #expect(try bench.text("a") == "two")
            var tag = ObjectConditions()
            tag.etags = [second.etag]
            let patched = try bench.bucket.change(ObjectKey("a"), if: tag) { $0.metadata = ["k": "v"] }
            #expect(patched.metageneration == 2 && patched.generation == second.generation)
            #expect(code { try bench.bucket.change(ObjectKey("a"), if: tag) { _ in } } == .conditionNotMet)
            var known = ObjectConditions()
            known.notEtags = ["*"]
            #expect(code { try known.check(patched, isRead: true) } == .notModified)
            #expect(code { try known.check(patched) } == .conditionNotMet)
            try bench.bucket.remove(ObjectKey("a"), if: ObjectConditions())
            #expect(code { try bench.bucket.remove(ObjectKey("a"), if: ObjectConditions()) } == .noSuchObject)
            #expect(bench.incoming.isEmpty)
        }
    }

    @Test("Of many that must be first one is, in two processes' worth of buckets") func race() throws {
        try Bench.with { bench in
            let other = try bench.reopened()
            let won = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 24) { number in
                var isNew = ObjectConditions()
                isNew.generation = 0
                let bench = number % 2 == 0 ? bench : other
                if (try? bench.put("raced", "\(number)", if: isNew)) != nil {
                    won.withLock { $0.append("\(number)") }
                }
            }
            #expect(won.withLock { $0 } == [try bench.text("raced")])
            #expect(try bench.object("raced").hashes == bench.reopened().object("raced").hashes)
        }
    }

    @Test("Readers see one object or the other while writers take turns") func readersAndWriters() throws {
        try Bench.with { bench in
            try bench.put("a", "0")
            DispatchQueue.concurrentPerform(iterations: 8) { number in
                for _ in 0..<10 {
                    if number < 4 {
                        let text = String(repeating: "\(number)", count: number + 1)
                        #expect((try? bench.put("a", text)) != nil)
                    } else {
                        let open = try? bench.bucket.open(ObjectKey("a"), hashing: true)
                        let bytes = open.flatMap { open in try? open.file.read(0..<open.object.size) }
                        #expect(open != nil && bytes.map(md5) == open?.object.hashes?.md5)
                    }
                }
            }
        }
    }

    private func md5(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = ChecksumHasher(.md5)
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }

    @Test("Other bytes than were told, and too much that is said, leave nothing") func refuses() throws {
        try Bench.with { bench in
            #expect(code { try bench.put("a", expecting: ExpectedHashes(crc32c: "AAAAAA==")) } == .wrongContent)
            #expect(code { try bench.put("a", expecting: ExpectedHashes(md5: "x")) } == .wrongContent)
            var properties = ObjectProperties()
            properties.contentType = "text/html\r\nX-Evil: 1"
            #expect(code { try bench.put("a", "text", properties) } == .invalidArgument)
            properties.contentType = nil
            properties.metadata = ["k": String(repeating: "v", count: 20_000)]
            #expect(code { try bench.put("a", "text", properties) } == .invalidArgument)
            #expect(!bench.exists("a") && bench.incoming.isEmpty)
        }
    }

    @Test("Objects are moved with what is said of them, and empty folders go") func moves() throws {
        try Bench.with { bench in
            var properties = ObjectProperties()
            properties.metadata = ["k": "v"]
            try bench.put("x/y/z", "bytes", properties)
            try FileManager.default.createDirectory(
                atPath: bench.path + "/to/empty/er", withIntermediateDirectories: true)
            let moved = try bench.bucket.move(
                ObjectKey("x/y/z"), to: ObjectKey("to"), if: ObjectConditions(), sourceIf: ObjectConditions())
            #expect(moved.properties == properties && !bench.exists("x"))
            #expect(try bench.text("to") == "bytes" && bench.object("to") == moved)
            let whole = try bench.bucket.join(
                [
                    bench.bucket.open(ObjectKey("to"), hashing: false),
                    bench.bucket.open(ObjectKey("to"), hashing: false),
                ],
                as: ObjectKey("to"), ObjectProperties(), if: ObjectConditions(), components: 2)
            #expect(try bench.text("to") == "bytesbytes" && whole.components == 2)
        }
    }

    @Test("What dead processes have left goes, and what is under way stays") func sweeps() throws {
        try Bench.with { bench in
            let (dead, alive) = (bench.path + "/.lightbox-incoming/dead.part", try bench.bucket.receive())
            try Data("x".utf8).write(to: URL(fileURLWithPath: dead))
            for name in bench.incoming {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -7200)],
                    ofItemAtPath: bench.path + "/.lightbox-incoming/" + name)
            }
            let other = try bench.reopened()
            #expect(other.incoming.count == 1 && !other.incoming.contains("dead.part"))
            _ = try bench.bucket.commit(alive, as: ObjectKey("a"))
        }
    }
}

@Suite("Buckets") struct BucketTests {
    @Test("A bucket is a folder, made here or by hand") func folders() throws {
        try Bench.with { bench in
            let buckets = bench.buckets
            var settings = BucketSettings()
            settings.labels = ["k": "v"]
            let made = try buckets.make("c", settings)
            #expect(try buckets.bucket("c") == made)
            try FileManager.default.createDirectory(
                atPath: buckets.home.buckets + "/hand", withIntermediateDirectories: true)
            #expect(try buckets.buckets().map(\.name) == ["b", "c", "hand"])
            #expect(try buckets.buckets(prefix: "h").map(\.name) == ["hand"])
            #expect(code { try buckets.make("c", settings) } == .bucketExists)
            for name in ["", ".", "..", ".c", "a/b", "a b", "nul\0", "é", String(repeating: "x", count: 223)] {
                #expect(code { try buckets.make(name, settings) } == .invalidName, "\(name)")
                #expect(code { try buckets.folder(name) } == .invalidName, "\(name)")
            }
            let changed = try buckets.change("c", if: 1) { $0.labels = [:] }
            #expect(changed.metageneration == 2)
            #expect(code { try buckets.change("c", if: 1) { _ in } } == .conditionNotMet)
            #expect(code { try buckets.bucket("none") } == .noSuchBucket)
            // Another folder of the name is another bucket.
            try FileManager.default.removeItem(atPath: buckets.home.buckets + "/c")
            #expect(code { try buckets.bucket("c") } == .noSuchBucket)
        }
    }

    @Test("Only an empty bucket goes") func removes() throws {
        try Bench.with { bench in
            try bench.put("a/b")
            #expect(code { try bench.buckets.remove("b") } == .bucketNotEmpty)
            try bench.bucket.remove(ObjectKey("a/b"), if: ObjectConditions())
            try bench.write(".hidden")
            #expect(code { try bench.buckets.remove("b") } == .bucketNotEmpty)
            #expect(bench.exists(".hidden"))
            try FileManager.default.removeItem(atPath: bench.path + "/.hidden")
            try FileManager.default.createDirectory(atPath: bench.path + "/e/f", withIntermediateDirectories: true)
            _ = try bench.buckets.uploads.begin(.named("x"), in: bench.bucket)
            try bench.buckets.remove("b")
            #expect(!FileManager.default.fileExists(atPath: bench.path))
            #expect(code { try bench.buckets.remove("b") } == .noSuchBucket)
        }
    }
}

extension UploadPlan {
    static func named(_ name: String, size: Int? = nil, if conditions: ObjectConditions = ObjectConditions())
        -> UploadPlan
    {
        UploadPlan(
            key: name, properties: ObjectProperties(), conditions: conditions, expected: ExpectedHashes(),
            size: size)
    }
}
