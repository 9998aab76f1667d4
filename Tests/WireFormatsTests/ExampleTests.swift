import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

/// The examples that `Tests/Reference/formats/make_references.py` put into TensorFlow's files.
func referenceExamples() throws -> [Example] {
    struct Stored: Decodable {
        var bytes: [String]?
        var floats: String?
        var ints: [String]?

        var feature: Feature {
            if let bytes { return .bytes(bytes.map { Bytes(Data(base64Encoded: $0)!) }) }
            if let ints { return .ints(ints.map { Int64($0)! }) }
            let raw = [UInt8](Data(base64Encoded: floats!)!)
            return .floats(
                stride(from: 0, to: raw.count, by: 4).map { start in
                    Float(bitPattern: raw[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
                })
        }
    }
    let json = try Data(contentsOf: URL(fileURLWithPath: reference("formats/examples.json")))
    return try JSONDecoder().decode([[String: Stored]].self, from: json).map { Example($0.mapValues(\.feature)) }
}

@Suite("Example") struct ExampleTests {
    @Test("Reads what it wrote, whatever the values")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            let example = randomExample(&random)
            let bytes = example.serialized()
            #expect(try Example(serialized: Bytes(bytes)) == example)
            #expect(example.serialized() == bytes)
        }
    }

    @Test("Reads lists that are not packed") func unpacked() throws {
        let file = try MappedFile(path: reference("formats/unpacked.example"))
        let example = try Example(serialized: Bytes(file))
        #expect(example.floats("f") == [1, 2.5])
        #expect(example.ints("i") == [5, 128])
    }

    @Test("Skips unknown fields; the last of two equal names counts; no kind counts as missing")
    func tolerates() throws {
        let entry = { (value: UInt8) -> [UInt8] in
            [0x0a, 0x0b, 0x0a, 1, 0x78, 0x12, 6, 0x1a, 4, 0x0a, 2, value, 1]
        }
        let withoutKind: [UInt8] = [0x0a, 5, 0x0a, 1, 0x79, 0x12, 0]
        let features: [UInt8] = [[0x10, 5], entry(3), entry(4), withoutKind].flatMap { $0 }
        let message: [[UInt8]] = [[0x0a, UInt8(features.count)], features, [0x7d, 1, 2, 3, 4]]
        let example = try Example(serialized: Bytes(message.joined()))
        #expect(example == Example(["x": .ints([4, 1])]))
    }

    @Test("Says where a message breaks off") func malformed() throws {
        let bytes = Example(["a": .text("b")]).serialized()
        for count in 1..<bytes.count {
            #expect(throws: RecordError.self) { try Example(serialized: Bytes(bytes[..<count])) }
        }
        let error = #expect(throws: RecordError.self) { try Example(serialized: Bytes([0x0b])) }
        #expect(error?.code == .malformedMessage && error?.offset == 1)
    }

    @Test("Never traps on damaged bytes") func mutations() throws {
        let originals = try referenceExamples().map { $0.serialized() }
        var random = SeededGenerator(seed: 11)
        for round in 0..<4000 {
            let bytes = mutated(originals[round % originals.count], &random)
            _ = try? Example(serialized: Bytes(bytes)).serialized()
        }
    }

    @Test("Gives a single value, and the key, of its features") func access() {
        let example = Example([
            "study": .text("1"), "instance": .text("3"), "two": .bytes([[1], [2]]), "n": .ints([1]),
        ])
        #expect(example.key() == InstanceKey(fields: [.init("study", "1"), .init("instance", "3")]))
        #expect(example.bytes("two") == nil && example.text("n") == nil && example["n"]?.count == 1)
    }

    func randomExample(_ random: inout SeededGenerator) -> Example {
        var features: [String: Feature] = [:]
        for index in 0..<Int.random(in: 0...6, using: &random) {
            let count = Int.random(in: 0...40, using: &random)
            let name = String(repeating: "ü", count: count) + "\(index)"
            switch Int.random(in: 0...2, using: &random) {
            case 0: features[name] = .bytes((0..<count).map { Array(repeating: UInt8($0), count: $0 * 9) })
            case 1: features[name] = .floats((0..<count).map { _ in .random(in: -1e9...1e9, using: &random) })
            default:
                features[name] = .ints(
                    (0..<count).map { Int64.random(in: .min ... .max, using: &random) >> ($0 % 64) })
            }
        }
        return Example(features)
    }
}
