import Imaging
import LightboxCore
import Testing

private struct StoredWarp: Decodable {
    let degrees, rows, columns, zoom: Double
    let flip: Bool
    let fill: Float?
    let height, width, channels: Int
    let result: StoredArray
}

private struct StoredTone: Decodable {
    let channels: Int
    let brightness, contrast: Float
    let result: StoredArray
}

private struct StoredChanges: Decodable {
    let warps: [StoredWarp]
    let tones: [StoredTone]
}

@Suite("Turning, shifting and zooming pictures") struct AffineWarpTests {
    private func warped(_ warp: AffineWarp, _ input: [Float], _ shape: (Int, Int, Int), _ fill: AffineWarp.Fill)
        -> [Float]
    {
        var output = [Float](repeating: -1, count: input.count)
        output.withUnsafeMutableBufferPointer { output in
            input.withUnsafeBufferPointer { input in
                warp.apply(
                    to: input.baseAddress!, height: shape.0, width: shape.1, channels: shape.2, fill: fill,
                    into: output.baseAddress!)
            }
        }
        return output
    }

    private func floats(_ image: Image) -> [Float] { image.eightBitSamples.map(Float.init) }

    @Test("Equals scipy's affine_transform of order 1") func scipy() throws {
        let stored = try storedReference("augment.json", as: StoredChanges.self)
        #expect(stored.warps.count == 7)
        for one in stored.warps {
            let warp = AffineWarp(
                height: one.height, width: one.width, rotationDegrees: one.degrees,
                shift: (one.rows, one.columns), zoom: one.zoom, flipsColumns: one.flip)
            let input = floats(patternImage(one.height, one.width, one.channels, top: 256))
            let fill = one.fill.map { AffineWarp.Fill.constant($0) } ?? .edge
            let output = warped(warp, input, (one.height, one.width, one.channels), fill)
            #expect(largestDifference(output, one.result.floats) < 0.01, "\(one.degrees)° \(one.zoom)")
        }
    }

    @Test("A mirror image is exact, and twice the mirror is the picture") func mirror() {
        let input = floats(patternImage(6, 9, 3, top: 256))
        let warp = AffineWarp(height: 6, width: 9, flipsColumns: true)
        let once = warped(warp, input, (6, 9, 3), .edge)
        #expect(once[0..<3] == input[(8 * 3)..<(9 * 3)])
        #expect(warped(warp, once, (6, 9, 3), .edge) == input)
    }

    @Test("Pictures of one row, one column and one pixel are warped too", arguments: [(1, 7), (7, 1), (1, 1)])
    func slender(height: Int, width: Int) {
        let input = [Float](repeating: 5, count: height * width)
        let warp = AffineWarp(height: height, width: width, rotationDegrees: 30, shift: (0.2, 0.1), zoom: 1.2)
        #expect(warped(warp, input, (height, width, 1), .edge).allSatisfy { abs($0 - 5) < 1e-4 })
    }
}

@Suite("Contrast and brightness") struct ToneTests {
    @Test("Equals numpy") func numpy() throws {
        for one in try storedReference("augment.json", as: StoredChanges.self).tones {
            var values = patternImage(12, 13, one.channels, top: 256).eightBitSamples.map(Float.init)
            values.withUnsafeMutableBufferPointer {
                Tone(brightness: one.brightness, contrast: one.contrast)
                    .apply(to: $0.baseAddress!, pixels: 12 * 13, channels: one.channels)
            }
            #expect(largestDifference(values, one.result.floats) < 1e-3)
        }
    }
}

@Suite("Preprocessing with changes") struct AugmentedPreprocessingTests {
    private func changed(_ settings: Preprocessing, _ image: Image, _ warp: AffineWarp, _ tone: Tone) -> [Float] {
        [Float](unsafeUninitializedCapacity: settings.count) { buffer, filled in
            settings.apply(to: image, warp: warp, tone: tone, into: buffer)
            filled = settings.count
        }
    }

    @Test("Without a change the numbers are bit for bit the plain ones", arguments: Preprocessing.Scaling.allCases)
    func identity(scaling: Preprocessing.Scaling) {
        for (channels, top) in [(1, 256), (3, 256), (1, 65536)] {
            let image = patternImage(19, 23, channels, top: top)
            for inputs in [1, 3] {
                let settings = Preprocessing(height: 16, width: 20, channels: inputs, scaling: scaling)
                let plain = settings.apply(to: image).values
                #expect(changed(settings, image, AffineWarp(height: 16, width: 20), Tone()) == plain)
            }
        }
    }

    @Test("The scaling comes last: half a turn of the input is the input turned", arguments: [1, 3])
    func order(channels: Int) {
        let image = patternImage(12, 12, channels, top: 256)
        let settings = Preprocessing(height: 12, width: 12, channels: channels, scaling: .imageNetStandardised)
        let warp = AffineWarp(height: 12, width: 12, rotationDegrees: 180)
        let turned = changed(settings, image, warp, Tone())
        let plain = settings.apply(to: image).values
        let expected = (0..<144).reversed().flatMap { plain[($0 * channels)..<(($0 + 1) * channels)] }
        #expect(largestDifference(turned, expected) < 1e-3)
    }

    @Test("A brighter picture is brighter by that much on the network's scale") func brighter() {
        let image = Image(width: 4, height: 4, channels: 1, samples: .uint8(Array(repeating: 100, count: 16)))
        let settings = Preprocessing(height: 4, width: 4, channels: 1, scaling: .zeroToOne)
        let values = changed(settings, image, AffineWarp(), Tone(brightness: 51))
        #expect(values.allSatisfy { abs($0 - 151 / 255) < 1e-6 })
    }
}
