import DICOM
import Deidentification
import Foundation
import LightboxCore
import PlantedFiles
import TestSupport
import Testing

@Suite("Planted secrets") struct PlantedSecretTests {
    static let settings: [(ConfidentialityProfile, Set<ConfidentialityOption>)] = [
        (.basic, []),
        (
            .basic,
            [.cleanDescriptors, .cleanGraphics, .cleanStructuredContent, .retainModifiedDates, .retainSafePrivate]
        ),
        (.minimal, []),
    ]

    @Test("None of at least 50 secrets is left in any of 200 files", arguments: settings)
    func noSecretIsLeft(profile: ConfidentialityProfile, options: Set<ConfidentialityOption>) throws {
        let deidentifier = try Deidentifier(profile: profile, options: options, key: .test)
        var (planted, total) = (0, 0)
        let dump = ProcessInfo.processInfo.environment["LIGHTBOX_DUMP"]
        for number in 0..<200 {
            let source = try PlantedFile(number: number)
            #expect(source.secrets.count >= 50)
            let file = try DICOMFile(bytes: Bytes(source.bytes), path: source.path)
            // Each secret is there to begin with, but for the path.
            let before = try Self.readable(file)
            let search = SecretSearch(source.secrets)
            planted += Set(search.found(in: before + source.bytes + Array(source.path.utf8)).map(\.text)).count
            let result = try deidentifier.apply(to: file)
            total += Set(source.secrets.map(\.text)).count
            let written = try result.file.serialized()
            let texts = [
                written, try Self.readable(result.file), Array(result.findings.map(\.description).joined().utf8),
                Array("\(result.file.path ?? "")".utf8),
            ]
            for secret in texts.flatMap(search.found) {
                Issue.record("file \(number) (\(source.kind)): the secret of \(secret.place) is left")
            }
            let again = try DICOMFile(bytes: Bytes(written))
            #expect(again.transferSyntax == source.syntax)
            try Self.checkPixels(again, source, options)
            if let dump {
                try Data(written).write(
                    to: URL(fileURLWithPath: "\(dump)/\(profile)\(options.count)_\(number).dcm"))
            }
        }
        #expect(planted == total)
    }

    private static func checkPixels(
        _ file: DICOMFile, _ source: PlantedFile, _ options: Set<ConfidentialityOption>
    ) throws {
        switch file.dataSet[.pixelData]?.value {
        case .bytes(let bytes): #expect(bytes == Bytes(source.pixels))
        case .fragments(_, let fragments):
            let stream = try #require(fragments.first).array
            let scan = try #require(stream.firstRange(of: [0xff, 0xda, 0, 2] as [UInt8]))
            #expect(stream[scan.upperBound..<scan.upperBound + 512].elementsEqual(source.pixels.map { $0 & 0x7f }))
        default: #expect(source.kind == .report || source.kind == .document)
        }
    }

    /// The data set without the transfer syntax's compression.
    private static func readable(_ file: DICOMFile) throws -> [UInt8] {
        try file.dataSet.serialized(as: .explicitVRLittleEndian)
    }
}

extension DeidentificationKey {
    static let test = DeidentificationKey(Array(0..<32))
}
