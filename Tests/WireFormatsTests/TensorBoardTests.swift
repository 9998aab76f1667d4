import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("TensorBoard") struct TensorBoardTests {
    /// A 1 × 1 grey PNG.
    let png: [UInt8] = [
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0,
        1,
        8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0,
        0,
        0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ]

    /// Writes a small run whose clock stands at `time` and returns its file.
    func write(to folder: String, resumingAt step: Int = 0, time: Double = 1_700_000_000) throws -> String {
        let log = try EventLog(folder: folder, resumingAt: step) { Date(timeIntervalSince1970: time) }
        if step == 0 {
            try log.hyperparameters(
                .object([
                    JSONMember("policy", .string("zeros")), JSONMember("batch", .integer(32)),
                    JSONMember("optimizer", .object([JSONMember("kind", .string("adam"))])),
                    JSONMember("flip", .bool(false)), JSONMember("rates", .numbers([0.5, 1])),
                ]), metrics: ["epoch/auc"], group: "zeros")
        }
        for index in step..<(step + 4) {
            try log.scalars([("loss", 1 / Float(index + 1)), ("rate", 0.001)], step: index)
        }
        try log.scalar("epoch/auc", step == 0 ? 0.75 : .nan, step: 3)
        try log.images("examples", png: [png, png], width: 1, height: 1, step: 3, caption: "two **films**")
        try log.text("notes", "# Ein Lauf\n\n*größer*", step: 3)
        if step > 0 { try log.end(.success) }
        return log.path
    }

    // check_tensorboard.py lets TensorBoard read the stored files, which this writer made.
    @Test("Writes the bytes that TensorBoard was shown") func bytes() throws {
        try withTemporaryFolder { folder in
            let first = try Bytes(MappedFile(path: write(to: folder)))
            #expect(try first == Bytes(MappedFile(path: reference("formats/tensorboard/first.tfevents"))))
            let second = try Bytes(MappedFile(path: write(to: folder, resumingAt: 2, time: 1_700_000_100)))
            #expect(try second == Bytes(MappedFile(path: reference("formats/tensorboard/second.tfevents"))))
        }
    }

    @Test("Names files in the order of their making, whatever the clock says") func names() throws {
        try withTemporaryFolder { folder in
            let paths = try [1_700_000_000, 1_600_000_000, 1_700_000_000].map { time in
                try EventLog(folder: folder + "/new/run", suffix: "v") { Date(timeIntervalSince1970: time) }.path
            }
            let names = paths.map { ($0 as NSString).lastPathComponent }
            #expect(names == names.sorted() && Set(names).count == 3)
            #expect(names[0].hasPrefix("events.out.tfevents.1700000000.lightbox.") && names[0].hasSuffix(".0.v"))
        }
    }

    @Test("Every event is in the file at once, framed as a record") func unbuffered() throws {
        try withTemporaryFolder { folder in
            let log = try EventLog(folder: folder) { Date(timeIntervalSince1970: 7) }
            #expect(try events(log.path).count == 2)
            try log.scalar("loss", 0.5, step: -3)
            let events = try self.events(log.path)
            #expect(events.map(\.step) == [0, 0, -3] && events.map(\.time) == [7, 7, 7])
            #expect(events[0].version == "brain.Event:2")
            #expect(events[2].scalars.map(\.tag) == ["loss"] && events[2].scalars.map(\.value) == [0.5])
            try log.flush()
        }
    }

    @Test("Reads a PNG's size from its header") func pngSize() throws {
        try withTemporaryFolder { folder in
            let paths = try ["a", "b"].map { name in
                let log = try EventLog(folder: folder + "/" + name) { Date(timeIntervalSince1970: 7) }
                if name == "a" { try log.image("x", png: png, step: 1) }
                if name == "b" { try log.images("x", png: [png], width: 1, height: 1, step: 1) }
                return log.path
            }
            #expect(try Bytes(MappedFile(path: paths[0])) == Bytes(MappedFile(path: paths[1])))
        }
    }

    @Test("A folder that cannot be made is an error") func noFolder() {
        #expect(throws: (any Error).self) { try EventLog(folder: "/dev/null/run") }
    }

    struct ReadEvent {
        var time = 0.0
        var step = 0
        var version = ""
        var scalars: [(tag: String, value: Float)] = []
    }

    /// The events of a file, read with nothing of the writer.
    func events(_ path: String) throws -> [ReadEvent] {
        try records(path).records.map { record in
            try record.data.withUnsafeBytes { bytes in
                var event = ReadEvent()
                var reader = ProtobufReader(bytes)
                while let field = try reader.next() {
                    switch (field.number, field.value) {
                    case (1, .fixed64(let bits)): event.time = Double(bitPattern: bits)
                    case (2, .varint(let step)): event.step = Int(Int64(bitPattern: step))
                    case (3, .bytes(let range)): event.version = try reader.text(range)
                    case (5, .bytes(let range)): event.scalars = try scalars(bytes, range)
                    case (7, .bytes(let range)): #expect(range.count == 2 && bytes[range.lowerBound + 1] == 1)
                    default: Issue.record("field \(field.number) is not expected")
                    }
                }
                return event
            }
        }
    }

    func scalars(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> [(tag: String, value: Float)] {
        var summary = ProtobufReader(bytes, range: range)
        var scalars: [(tag: String, value: Float)] = []
        while let entry = try summary.next() {
            var value = ProtobufReader(bytes, range: entry.range)
            var (tag, number) = ("", Float.nan)
            while let field = try value.next() {
                if case .bytes(let range) = field.value { tag = try value.text(range) }
                if case .fixed32(let bits) = field.value { number = Float(bitPattern: bits) }
            }
            scalars.append((tag, number))
        }
        return scalars
    }
}
