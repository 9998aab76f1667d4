import Imaging
import LightboxCore
import Testing

@Suite("Resizing") struct ResizeTests {
    struct Case: Decodable {
        let input: [Int]
        let bilinear: StoredArray
        let legacy: StoredArray

        var image: Image { patternImage(input[0], input[1], input[2], top: input[3]) }
    }

    static let cases = Result { try storedReference("resize.json", as: [Case].self) }

    @Test(
        "Equals tf.image.resize and TensorFlow 1's resize_bilinear", arguments: Preprocessing.Resampling.allCases)
    func equalsTensorFlow(resampling: Preprocessing.Resampling) throws {
        for item in try Self.cases.get() where [1, 3].contains(item.input[2]) {
            let expected = resampling == .bilinear ? item.bilinear : item.legacy
            let settings = Preprocessing(
                height: expected.shape[0], width: expected.shape[1], channels: expected.shape[2], scaling: .none,
                resampling: resampling)
            let result = settings.apply(to: item.image)
            let scale: Float = item.input[3] == 256 ? 1 : 257
            #expect(result.shape == expected.shape)
            // 1e-4 of a display value
            #expect(largestDifference(result.values, expected.floats.map { $0 / scale }) < 1e-4, "\(item.input)")
        }
    }

    @Test("Resized images are the rounded numbers, in their own type") func images() throws {
        for item in try Self.cases.get() {
            let expected = item.bilinear.floats.map { Int($0 + 0.5) }
            let resized = item.image.resized(height: item.bilinear.shape[0], width: item.bilinear.shape[1])
            #expect(resized.bitsPerSample == item.image.bitsPerSample && resized.channels == item.input[2])
            switch resized.samples {
            case .uint8(let values): #expect(values.map { Int($0) } == expected)
            case .uint16(let values): #expect(values.map { Int($0) } == expected)
            }
        }
    }

    @Test("The same size changes nothing, and a flat image stays flat") func invariants() {
        let image = patternImage(9, 11, 3, top: 256)
        #expect(image.resized(height: 9, width: 11) == image)
        let flat = Image(width: 5, height: 4, channels: 1, samples: .uint16(Array(repeating: 65535, count: 20)))
        let large = flat.resized(height: 31, width: 3)
        #expect(large.samples == .uint16(Array(repeating: 65535, count: 93)))
    }
}

@Suite("Preprocessing") struct PreprocessingTests {
    static let expected = Result { try storedReference("preprocessing.json", as: [String: StoredArray].self) }

    @Test("Equals Keras's preprocess_input", arguments: Preprocessing.Scaling.allCases)
    func equalsKeras(scaling: Preprocessing.Scaling) throws {
        let expected = try #require(try Self.expected.get()[scaling.rawValue])
        let settings = Preprocessing(height: 12, width: 10, scaling: scaling)
        let result = settings.apply(to: patternImage(37, 23, 3, top: 256))
        #expect(largestDifference(result.values, expected.floats) < 1e-4)
    }

    @Test("Colour becomes TensorFlow's grey; grey is repeated; opacity is dropped") func channels() throws {
        let colour = patternImage(37, 23, 3, top: 256)
        let grey = Preprocessing(height: 12, width: 10, channels: 1, scaling: .none).apply(to: colour)
        #expect(largestDifference(grey.values, try #require(try Self.expected.get()["luma"]).floats) < 1e-4)
        let one = patternImage(37, 23, 1, top: 256)
        let alone = Preprocessing(height: 12, width: 10, channels: 1, scaling: .none).apply(to: one).values
        let repeated = Preprocessing(height: 12, width: 10, channels: 3, scaling: .none).apply(to: one).values
        #expect(repeated == alone.flatMap { [$0, $0, $0] })
        guard case .uint8(let values) = colour.samples else { return }
        var opaque: [UInt8] = []
        for start in stride(from: 0, to: values.count, by: 3) {
            opaque += values[start..<(start + 3)]
            opaque.append(UInt8(start % 256))
        }
        let withOpacity = Image(width: 23, height: 37, channels: 4, samples: .uint8(opaque))
        let settings = Preprocessing(height: 12, width: 10, scaling: .minusOneToOne)
        #expect(settings.apply(to: withOpacity) == settings.apply(to: colour))
    }

    @Test("A 16-bit image gives what its 8-bit form gives") func sixteenBits() {
        let eight = patternImage(20, 20, 3, top: 256)
        guard case .uint8(let values) = eight.samples else { return }
        let sixteen = Image(width: 20, height: 20, channels: 3, samples: .uint16(values.map { UInt16($0) * 257 }))
        for scaling in Preprocessing.Scaling.allCases {
            let settings = Preprocessing(height: 11, width: 13, scaling: scaling)
            let difference = largestDifference(
                settings.apply(to: eight).values, settings.apply(to: sixteen).values)
            #expect(difference < 1e-4)
        }
    }

    @Test("Fills a place in a batch and nothing beside it") func batch() {
        let settings = Preprocessing(height: 4, width: 4, scaling: .zeroToOne)
        var memory = [Float](repeating: -7, count: settings.count + 2)
        memory.withUnsafeMutableBufferPointer { buffer in
            let place = UnsafeMutableBufferPointer(rebasing: buffer[1..<(1 + settings.count)])
            settings.apply(to: patternImage(9, 9, 1, top: 256), into: place)
        }
        #expect(memory.first == -7 && memory.last == -7 && memory.dropFirst().dropLast().allSatisfy { $0 >= 0 })
    }
}
