import Foundation
import LightboxCore
import ObjectStorage
import TestSupport
import Testing

@Suite("What killed processes leave") struct LeftoverTests {
    private func make(_ path: String, age: Double = 3600) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    }

    private func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("Goes once nobody has it locked; what is young, locked or to be gone on with stays") func sweep() throws
    {
        try withTemporaryFolder { folder in
            let home = Home(path: folder)
            let dead = home.objects + "/s3/b/.a.png.12345678.part"
            let living = home.objects + "/s3/b/.b.png.12345678.part"
            let resumable = home.objects + "/s3/b/vectors.jsonl.part"
            let young = home.objects + "/s3/b/.c.png.12345678.part"
            let copy = home.cache + "/objects/ab/cd.png.12345678.part"
            for path in [dead, living, resumable, copy] { try make(path) }
            try make(young, age: 1)
            let descriptor = open(living, O_RDWR)
            defer { close(descriptor) }
            Leftovers.claim(descriptor)
            let cache = ObjectCache(
                folder: home.cache + "/objects",
                leftovers: [.init(home.objects, hidden: true), .init(home.cache + "/objects")])
            cache.note(1)
            #expect(!isThere(dead) && !isThere(copy))
            #expect(isThere(living) && isThere(resumable) && isThere(young))
        }
    }

    @Test("A folder of copies goes when it was not used for long, unless a process reads from it") func folders()
        throws
    {
        try withTemporaryFolder { folder in
            let half = folder + "/aa.12345678.part"
            try make(half + "/model/model.onnx")
            try make(folder + "/used/model/model.onnx")
            try make(folder + "/unused/model/model.onnx")
            let old = Date(timeIntervalSinceNow: -30 * 86_400)
            for name in ["aa.12345678.part", "used", "unused"] {
                try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: "\(folder)/\(name)")
            }
            let descriptor = open(folder + "/used", O_RDONLY | O_DIRECTORY)
            defer { close(descriptor) }
            #expect(flock(descriptor, LOCK_SH) == 0)
            HomeCache.sweepFetched(folder, limit: 1 << 30)
            Leftovers.remove(below: folder)
            #expect(isThere(folder + "/used") && !isThere(folder + "/unused") && !isThere(half))
        }
    }
}
