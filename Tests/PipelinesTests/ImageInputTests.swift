import Foundation
import Imaging
import LightboxCore
import Pipelines
import TestSupport
import Testing
import WireFormats

@Suite("Files as input") struct ImageInputTests {
    @Test("Without a telling name a file's first bytes say what it is")
    func kinds() throws {
        try withTemporaryFolder { folder in
            let context = StageContext(home: Home(path: folder + "/home"), threads: 1)
            let grey = Image(width: 4, height: 4, channels: 1, samples: .uint8([UInt8](repeating: 90, count: 16)))
            let images = folder + "/images"
            try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
            let png = PNG.encode(grey)
            let dicom = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
            for (name, bytes) in [
                ("a", png), ("b.0001", png), ("c", [0xff, 0xd8, 0xff, 0xe0]), ("d", dicom),
                ("e", Array("text".utf8)),
                ("f", []), ("g", Array("GIF89a".utf8)), ("h.txt", png), ("i.png", Array("no image".utf8)),
            ] { try AtomicFile.write(bytes, to: images + "/" + name) }
            let result = try RequestStage().run([images], context)
            // What a picture's bytes are worth shows when they are decoded; the DICOM file has no data set.
            let taken = result.instances.compactMap {
                ($0["key"]?.string as NSString?)?.lastPathComponent
            }
            #expect(taken == ["a", "b.0001", "c", "i.png"])
            #expect(result.problems.map { ($0.source as NSString).lastPathComponent } == ["d"])
        }
    }
}
