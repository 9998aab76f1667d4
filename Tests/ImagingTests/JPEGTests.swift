import Imaging
import LightboxCore
import Testing

@Suite("JPEG") struct JPEGTests {
    static let expected = Result { try storedReference("jpeg.json", as: [String: [String: StoredArray]].self) }

    // Debian's libjpeg-turbo 2.1 and TensorFlow's 3 agree to the bit on these.
    @Test("Equals Pillow with the accurate transform and TensorFlow's default with the fast one")
    func equalsTensorFlow() throws {
        for (name, results) in try Self.expected.get() {
            let bytes = try referenceBytes("jpeg/\(name).jpg")
            for (wanted, array) in results {
                let parts = wanted.split(separator: "_")
                let transform: JPEG.Transform = parts[0] == "fast" ? .fast : .accurate
                let image = try JPEG.decode(bytes, channels: Int(parts[1]), transform: transform)
                #expect([image.height, image.width, image.channels] == array.shape, "\(name)")
                #expect(difference(image, array.bytes) == 0, "\(name) \(wanted)")
            }
        }
    }

    @Test("Gives the file's own channels unless asked") func channels() throws {
        #expect(try JPEG.decode(referenceBytes("jpeg/grey.jpg")).channels == 1)
        #expect(try JPEG.decode(referenceBytes("jpeg/rgb420.jpg")).channels == 3)
        #expect(try JPEG.decode(referenceBytes("jpeg/cmyk.jpg")).channels == 3)
        #expect(try JPEG.decode(referenceBytes("jpeg/cmyk.jpg"), channels: 1).channels == 1)
    }

    @Test("What it wrote comes back nearly the same", arguments: [1, 3, 4])
    func roundTrip(channels: Int) throws {
        let values = (0..<(40 * 30 * channels)).map { UInt8(($0 / channels) % 40 * 3 + ($0 / channels / 40) * 2) }
        let image = Image(width: 40, height: 30, channels: channels, samples: .uint8(values))
        let decoded = try JPEG.decode(Bytes(JPEG.encode(image)))
        let kept = channels == 4 ? image.converted(toChannels: 3) : image
        guard case .uint8(let expected) = kept.samples else { return }
        #expect(difference(decoded, expected) <= 6)
        #expect(try JPEG.encode(image, quality: 50).count < JPEG.encode(image, quality: 95).count)
    }

    @Test("Refuses files that end early, and sizes over the limit") func refuses() throws {
        let bytes = try referenceBytes("jpeg/rgb420.jpg")
        for count in stride(from: 0, to: bytes.count - 20, by: 11) {
            #expect(throws: ImageError.self) { try JPEG.decode(bytes[0..<count]) }
        }
        let error = #expect(throws: ImageError.self) {
            try JPEG.decode(bytes, limits: ImageLimits(maximumPixels: 9))
        }
        #expect(error?.kind == .limitExceeded)
    }

    @Test("Survives any damage") func mutations() throws {
        let originals = try Self.expected.get().keys.sorted().map { try referenceBytes("jpeg/\($0).jpg").array }
        var random = SeededGenerator(seed: 21)
        let limits = ImageLimits(maximumPixels: 1 << 20)
        for round in 0..<4000 {
            let bytes = mutated(originals[round % originals.count], &random)
            _ = try? JPEG.decode(Bytes(bytes), channels: [nil, 1, 3][round % 3], limits: limits)
        }
    }

    func difference(_ image: Image, _ expected: [UInt8]) -> Int {
        guard case .uint8(let values) = image.samples, values.count == expected.count else { return .max }
        return zip(values, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}

@Suite("Image file") struct ImageFileTests {
    @Test("Reads by content and says what to do with other kinds") func sniffs() throws {
        #expect(try ImageFile.decode(referenceBytes("png/type0_8.png")).channels == 1)
        #expect(try ImageFile.decode(referenceBytes("jpeg/grey.jpg"), channels: 3).channels == 3)
        let foreign: [([UInt8], String)] = [
            (Array("GIF89a".utf8), "GIF"), (Array("BM..".utf8), "BMP"), (Array("RIFF1234WEBPVP8".utf8), "WEBP"),
            ([0x49, 0x49, 0x2a, 0, 8], "TIFF"),
            (Array(repeating: 0, count: 128) + Array("DICM".utf8), "dicom import"),
            ([], "Only PNG and JPEG"), (Array("hello".utf8), "Only PNG and JPEG"),
        ]
        for (bytes, hint) in foreign {
            let error = #expect(throws: ImageError.self) { try ImageFile.decode(Bytes(bytes), file: "x.img") }
            #expect(error?.code == .unknownFormat && error?.file == "x.img")
            #expect(error?.description.contains(hint) == true)
        }
    }
}
