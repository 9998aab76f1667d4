import DICOM
import Deidentification
import LightboxCore
import Testing

@Suite("Pixels") struct PixelTests {
    private static let rule = PixelRule(modality: "US", blank: [PixelRegion(left: 1, top: 0, width: 2, height: 2)])

    private static func image(
        _ pixels: [UInt8], vr: VR = .OB, bits: UInt16 = 8, stored: UInt16? = nil, samples: UInt16 = 1,
        photometric: String = "MONOCHROME2", planar: UInt16 = 0, frames: Int = 1, signed: UInt16 = 0,
        extra: [Element] = [], syntax: TransferSyntax = .explicitVRLittleEndian
    ) -> DICOMFile {
        DICOMFile(
            dataSet: DataSet(
                [
                    .text(.modality, "US"), .uint16(.rows, 2), .uint16(.columns, 4),
                    .uint16(.samplesPerPixel, samples),
                    .uint16(.bitsAllocated, bits), .uint16(.bitsStored, stored ?? bits),
                    .uint16(.highBit, (stored ?? bits) - 1), .uint16(.pixelRepresentation, signed),
                    .text(.photometricInterpretation, photometric), .uint16(.planarConfiguration, planar),
                    .int(.numberOfFrames, frames), .bytes(.pixelData, pixels, vr: vr),
                ] + extra), transferSyntax: syntax)
    }

    private func cleaned(_ file: DICOMFile, _ rules: [PixelRule] = [rule]) throws -> DeidentifiedFile {
        try Deidentifier(options: [.cleanPixelData], rules: RuleSet(pixels: rules), key: .test).apply(to: file)
    }

    private func pixels(_ file: DICOMFile) throws -> [UInt8] {
        try #require(try cleaned(file).file.dataSet.bytes(.pixelData)).array
    }

    @Test("Regions become black in every layout") func layouts() throws {
        let ones = [UInt8](repeating: 1, count: 8)
        #expect(try pixels(Self.image(ones)) == [1, 0, 0, 1, 1, 0, 0, 1])
        #expect(try pixels(Self.image(ones, photometric: "MONOCHROME1")) == [1, 255, 255, 1, 1, 255, 255, 1])
        #expect(
            try pixels(Self.image(ones + ones, frames: 2)) == [1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1])
        let words = try pixels(Self.image(ones + ones, vr: .OW, bits: 16, stored: 12, photometric: "MONOCHROME1"))
        #expect(words == [1, 1, 255, 15, 255, 15, 1, 1, 1, 1, 255, 15, 255, 15, 1, 1])
        let signed = try pixels(Self.image(ones + ones, vr: .OW, bits: 16, signed: 1))
        #expect(signed == [1, 1, 0, 128, 0, 128, 1, 1, 1, 1, 0, 128, 0, 128, 1, 1])
        let big = try pixels(
            Self.image(ones + ones, vr: .OW, bits: 16, signed: 1, syntax: .explicitVRBigEndian))
        #expect(big == [1, 1, 128, 0, 128, 0, 1, 1, 1, 1, 128, 0, 128, 0, 1, 1])
        let colours = [UInt8](repeating: 1, count: 24)
        let rgb = try pixels(Self.image(colours, samples: 3, photometric: "RGB"))
        #expect(rgb == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1])
        let planes = try pixels(Self.image(colours, samples: 3, photometric: "RGB", planar: 1))
        #expect(planes == (0..<3).flatMap { _ in [1, 0, 0, 1, 1, 0, 0, 1] as [UInt8] })
        let ybr = try pixels(Self.image(colours, samples: 3, photometric: "YBR_FULL"))
        #expect(ybr.prefix(9) == [1, 1, 1, 0, 128, 128, 0, 128, 128])
        let half = try pixels(
            Self.image([UInt8](repeating: 1, count: 16), samples: 3, photometric: "YBR_FULL_422"))
        #expect(half == [1, 0, 128, 128, 0, 1, 128, 128, 1, 0, 128, 128, 0, 1, 128, 128])
        #expect(try pixels(Self.image([255, 0], bits: 1)) == [0b1001_1001, 0])
    }

    @Test("A rule fits by what it says") func fits() throws {
        let file = Self.image(
            [UInt8](repeating: 1, count: 8),
            extra: [.text(.manufacturer, "GE Vingmed"), .text(Tag(0x0028, 0x0301), "YES")])
        func isBlank(_ change: (inout PixelRule) -> Void) throws -> Bool {
            var rule = Self.rule
            change(&rule)
            return try cleaned(file, [rule]).findings.contains { $0.code == .pixelRegionsCleaned }
        }
        #expect(try isBlank { $0.manufacturer = "ge*" })
        #expect(try !isBlank { $0.manufacturer = "Philips*" })
        #expect(try isBlank { ($0.rows, $0.columns) = (2, 4) })
        #expect(try !isBlank { $0.rows = 3 })
        #expect(try !isBlank { $0.modality = "CT" })
        #expect(try isBlank { $0.burnedInAnnotation = true })
        #expect(try !isBlank { $0.burnedInAnnotation = false })
        let result = try cleaned(file)
        #expect(result.file.dataSet.string(Tag(0x0028, 0x0301)) == "NO")
        #expect(!result.findings.contains { $0.code == .burnedInAnnotation })
        let codes = result.file.dataSet.items(Tag(0x0012, 0x0064)).compactMap { $0.string(Tag(0x0008, 0x0100)) }
        #expect(codes.contains("113101"))
        let none = try cleaned(file, [])
        #expect(none.findings.contains { $0.code == .burnedInAnnotation })
        #expect(none.findings.contains { $0.code == .pixelsNotCleaned })
        #expect(none.file.dataSet.items(Tag(0x0012, 0x0064)).count == 1)
    }

    @Test("Around the regions of an ultrasound image") func ultrasoundRegions() throws {
        let region = DataSet([
            .int(Tag(0x0018, 0x6018), 1), .int(Tag(0x0018, 0x601a), 1), .int(Tag(0x0018, 0x601c), 2),
            .int(Tag(0x0018, 0x601e), 1),
        ])
        let file = Self.image(
            [UInt8](repeating: 1, count: 8), extra: [.sequence(Tag(0x0018, 0x6011), [region])])
        let rule = PixelRule(modality: "US", isOutsideUltrasoundRegions: true)
        let result = try cleaned(file, [rule]).file.dataSet.bytes(.pixelData)?.array
        #expect(result == [0, 0, 0, 0, 0, 1, 1, 0])
        let without = try cleaned(Self.image([UInt8](repeating: 1, count: 8)), [rule])
        #expect(without.findings.contains { $0.code == .pixelsNotCleaned })
    }

    @Test(
        "A rule that blanks nothing in an image has not cleaned it",
        arguments: [
            PixelRegion(left: 4, top: 0, width: 9, height: 2), PixelRegion(left: 0, top: 2, width: 4, height: 9),
            PixelRegion(left: 0, top: 0, width: 0, height: 2), PixelRegion(left: 0, top: 0, width: 4, height: 0),
            PixelRegion(left: -4, top: 0, width: 4, height: 2),
            PixelRegion(left: .max, top: .max, width: 1, height: 1),
        ])
    func outside(region: PixelRegion) throws {
        let file = Self.image([UInt8](repeating: 1, count: 8), extra: [.text(Tag(0x0028, 0x0301), "YES")])
        let result = try cleaned(file, [PixelRule(blank: [region])])
        #expect(result.file.dataSet.bytes(.pixelData)?.array == [UInt8](repeating: 1, count: 8))
        #expect(result.file.dataSet.string(Tag(0x0028, 0x0301)) == "YES")
        #expect(result.findings.contains { $0.code == .pixelsNotCleaned })
        #expect(result.findings.contains { $0.code == .burnedInAnnotation })
        var strict = try Deidentifier(
            options: [.cleanPixelData], rules: RuleSet(pixels: [PixelRule(blank: [region])]), key: .test)
        strict.refusesBurnedInText = true
        #expect(throws: DeidentificationError.self) { try strict.apply(to: file) }
        // Where all of the image is to be kept, that is what the rule says.
        let all = PixelRule(outside: [PixelRegion(left: 0, top: 0, width: 4, height: 2)])
        #expect(try cleaned(file, [all]).findings.contains { $0.code == .pixelRegionsCleaned })
    }

    @Test("Compressed pixels are decoded first, or the file is refused") func compressed() throws {
        var file = Self.image([UInt8](repeating: 1, count: 8))
        let native = file
        file.dataSet[.pixelData] = Element(.pixelData, .OB, .fragments(offsetTable: .empty, [Bytes([1, 2])]))
        file.transferSyntax = .jpeg2000Lossless
        #expect(throws: DeidentificationError.self) { try cleaned(file) }
        var deidentifier = try Deidentifier(
            options: [.cleanPixelData], rules: RuleSet(pixels: [Self.rule]), key: .test)
        deidentifier.decoder = { _ in native }
        let result = try deidentifier.apply(to: file).file
        #expect(result.transferSyntax == .explicitVRLittleEndian)
        #expect(result.dataSet.bytes(.pixelData)?.array == [1, 0, 0, 1, 1, 0, 0, 1])
    }

    @Test("Images that often show names are told, or refused") func burnedIn() throws {
        func findings(_ elements: [Element]) throws -> [Finding.Code] {
            var file = Self.image([UInt8](repeating: 1, count: 8))
            for element in elements { file.dataSet[element.tag] = element }
            return try Deidentifier(key: .test).apply(to: file).findings.map(\.code)
        }
        #expect(try findings([]).contains(.mayHaveBurnedInText))
        #expect(try !findings([.text(.modality, "CT")]).contains(.mayHaveBurnedInText))
        #expect(try !findings([.text(Tag(0x0028, 0x0301), "NO")]).contains(.mayHaveBurnedInText))
        #expect(
            try findings([.text(.modality, "CT"), .text(.imageType, "DERIVED", "SECONDARY", "SCREEN SAVE")])
                .contains(.mayHaveBurnedInText))
        #expect(try findings([.text(Tag(0x0028, 0x0301), "YES")]).contains(.burnedInAnnotation))
        var strict = try Deidentifier(key: .test)
        strict.refusesBurnedInText = true
        let error = try #require(throws: DeidentificationError.self) {
            try strict.apply(to: Self.image([UInt8](repeating: 1, count: 8)))
        }
        #expect(error.code == .burnedInText)
        let faces = try Deidentifier(options: [.cleanRecognizableVisualFeatures], key: .test)
            .apply(to: Self.image([UInt8](repeating: 1, count: 8)))
        #expect(faces.findings.contains { $0.code == .visualFeaturesNotCleaned })
        #expect(faces.file.dataSet.items(Tag(0x0012, 0x0064)).count == 1)
    }

    @Test("Bits of an old overlay are cleared, those of the image stay") func overlayBits() throws {
        let file = Self.image(
            (0..<8).flatMap { [UInt8($0), 0xf5] }, vr: .OW, bits: 16, stored: 12,
            extra: [.uint16(Tag(0x6000, 0x0102), 15), .uint16(Tag(0x6000, 0x0100), 16)])
        let result = try Deidentifier(key: .test).apply(to: file)
        #expect(result.file.dataSet.bytes(.pixelData)?.array == (0..<8).flatMap { [UInt8($0), 0x75] })
        #expect(result.findings.contains { $0.code == .overlayBitsRemoved })
        #expect(!result.file.dataSet.elements.contains { $0.tag.group == 0x6000 })
    }

    private static let name = Array("Miller".utf8)
    private static let zeros = [UInt8](repeating: 0, count: 6)
    private static let comment: [UInt8] = [0xff, 0xfe, 0, 8]
    private static let scan: [UInt8] = [0xff, 0xda, 0, 2, 1, 2, 0xff, 0x00, 0xff, 0xd0, 3, 0xff, 0xd9]

    private func blanked(
        _ fragments: [[UInt8]], _ syntax: TransferSyntax, frames: Int = 1, profile: ConfidentialityProfile = .basic
    ) throws -> [[UInt8]] {
        var file = Self.image([0], frames: frames)
        file.dataSet[.pixelData] = Element(
            .pixelData, .OB, .fragments(offsetTable: .empty, fragments.map { Bytes($0) }))
        file.transferSyntax = syntax
        let rules = profile == .keepListed ? RuleSet([.init(.tag(.pixelData), .keep)]) : RuleSet()
        let result = try Deidentifier(profile: profile, rules: rules, key: .test).apply(to: file).file
        guard case .fragments(_, let fragments)? = result.dataSet[.pixelData]?.value else { return [] }
        return fragments.map(\.array)
    }

    @Test("Comments in compressed frames are blanked where they stand", arguments: ConfidentialityProfile.allCases)
    func comments(profile: ConfidentialityProfile) throws {
        let (name, comment, scan) = (Self.name, Self.comment, Self.scan)
        let zeros = profile == .keepAll ? name : Self.zeros
        let jfif: [UInt8] = [0xff, 0xe0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]
        let exif: [UInt8] = [0xff, 0xe1, 0, 8]
        #expect(
            try blanked(
                [[0xff, 0xd8] + jfif + comment + name + exif + name + scan + name], .jpegBaseline8Bit,
                profile: profile)
                == [[0xff, 0xd8] + jfif + comment + zeros + exif + zeros + scan + zeros])
        let header: [UInt8] = [0xff, 0x4f, 0xff, 0x51, 0, 4, 9, 9]
        let note: [UInt8] = [0xff, 0x64, 0, 10, 0, 1]
        func tile(_ length: UInt8, _ text: [UInt8]) -> [UInt8] {
            // Its packets begin with a SOP whose number looks like an end.
            [0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, length, 0, 1] + note + text + [0xff, 0x93]
                + [0xff, 0x91, 0, 4, 0xff, 0xd9, 7, 7]
        }
        let end: [UInt8] = [0xff, 0xd9]
        // With its length, and with none in the last tile-part.
        for length in [34, 0] as [UInt8] {
            #expect(
                try blanked(
                    [header + note + name + tile(34, name) + tile(length, name) + end + name], .jpeg2000,
                    profile: profile)
                    == [header + note + zeros + tile(34, zeros) + tile(length, zeros) + end + zeros])
        }
    }

    @Test("Comments are found wherever a frame is cut into fragments") func commentsInFragments() throws {
        let stream = [0xff, 0xd8] + Self.comment + Self.name + Self.scan + [0] + Self.name
        let clean = [0xff, 0xd8] + Self.comment + Self.zeros + Self.scan + [0] + Self.zeros
        for cut in stride(from: 2, to: stream.count, by: 2) {
            #expect(
                try blanked([Array(stream[..<cut]), Array(stream[cut...])], .jpegBaseline8Bit)
                    == [Array(clean[..<cut]), Array(clean[cut...])])
        }
        // A frame in two fragments, then one in one, and no offset table.
        #expect(
            try blanked([Array(stream[..<8]), Array(stream[8...]), stream], .jpegBaseline8Bit, frames: 2)
                == [Array(clean[..<8]), Array(clean[8...]), clean])
        #expect(try blanked([stream, stream], .jpegBaseline8Bit, frames: 2) == [clean, clean])
        // What is no stream stays, and an empty value does no harm.
        #expect(try blanked([Self.name, Self.name], .jpegBaseline8Bit) == [Self.name, Self.name])
        #expect(try blanked([[], stream, []], .jpegBaseline8Bit, frames: 2) == [[], clean, []])
        #expect(try blanked([], .jpegBaseline8Bit) == [])
    }

    @Test("Bytes behind the last frame go", arguments: [ConfidentialityProfile.basic, .minimal])
    func bytesBehind(profile: ConfidentialityProfile) throws {
        let file = Self.image([UInt8](repeating: 1, count: 8) + Self.name)
        let result = try Deidentifier(profile: profile, key: .test).apply(to: file)
        #expect(result.file.dataSet.bytes(.pixelData)?.array == [UInt8](repeating: 1, count: 8))
        #expect(result.findings.contains { $0.code == .bytesAfterPixelsRemoved })
    }
}
