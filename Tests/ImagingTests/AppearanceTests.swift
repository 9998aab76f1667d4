import Imaging
import LightboxCore
import Testing

@Suite("Appearance") struct AppearanceTests {
    private static let expected = Result { try storedReference("appearance.json", as: [String: [Float]].self) }

    /// 224 × 224, as in make_appearance_reference.py.
    private static func picture(_ value: (_ x: Int, _ y: Int) -> Int) -> [UInt8] {
        (0..<224).flatMap { y in (0..<224).map { x in UInt8(value(x, y)) } }
    }

    private static let pictures: [String: [UInt8]] = [
        "waves": picture { x, y in ((x * x + 3 * y * y) / 97 + x * y % 23) % 256 },
        "ramp": picture { x, y in (x + y) / 2 }, "even": picture { _, _ in 90 },
    ]

    @Test("Equals numpy's numbers", arguments: ["waves", "ramp", "even"]) func numbers(name: String) throws {
        let found = Image(width: 224, height: 224, channels: 1, samples: .uint8(Self.pictures[name]!)).appearance()
        let expected = try Self.expected.get()[name]!
        #expect(found.count == Image.appearanceLength && expected.count == found.count)
        // The logarithm of a Laplacian that is 0 but for rounding.
        #expect(largestDifference(found, expected) < 2e-3, "\(found) \(expected)")
        #expect(largestDifference(Array(found[..<24]), Array(expected[..<24])) < 1e-4)
    }

    @Test("Colours and bits of a grey picture make no difference; a gamma does") func equalPictures() {
        let samples = Self.pictures["waves"]!
        let grey = Image(width: 224, height: 224, channels: 1, samples: .uint8(samples)).appearance()
        let colour = Image(
            width: 224, height: 224, channels: 3, samples: .uint8(samples.flatMap { [$0, $0, $0] }))
        let deep = Image(
            width: 224, height: 224, channels: 1, samples: .uint16(samples.map { UInt16($0) * 257 }))
        #expect(
            largestDifference(colour.appearance(), grey) < 1e-3
                && largestDifference(deep.appearance(), grey) < 1e-3)
        let dark = samples.map { UInt8(Int($0) * Int($0) / 255) }
        let squared = Image(width: 224, height: 224, channels: 1, samples: .uint8(dark)).appearance()
        #expect(largestDifference(squared, grey) > 0.2)
        let point = Image(width: 1, height: 1, channels: 4, samples: .uint8([1, 2, 3, 4])).appearance()
        #expect(point.count == 32 && point.allSatisfy(\.isFinite))
    }
}
