import DICOM
import Foundation
import LightboxCore
import Phantoms
import TestSupport
import Testing

@Suite("Phantom data set") struct PhantomDataSetTests {
    static let small = PhantomDataSet(seed: 21, patients: 12, size: 128)

    @Test("Writing twice gives the same bytes") func determinism() throws {
        let hashes = try (0..<2).map { _ in
            try withTemporaryFolder { folder -> String in
                let report = try Self.small.write(to: folder)
                #expect(report.written == Self.small.entries.count && report.problems.isEmpty)
                let parts = try (Self.small.entries.map(\.path) + ["labels.csv"]).map {
                    try ContentHash(ofFile: folder + "/" + $0).description
                }
                return parts.joined()
            }
        }
        #expect(hashes[0] == hashes[1])
    }

    @Test("Files read back equal, say that they are synthetic, and hide their layout from the display")
    func readBack() throws {
        try withTemporaryFolder { folder in
            _ = try Self.small.write(to: folder)
            var kinds: Set<String> = []
            for entry in Self.small.entries {
                let file = try DICOMFile(path: folder + "/" + entry.path)
                let data = file.dataSet
                let picture = Self.small.radiograph(entry)
                let isInverted = data.string(.photometricInterpretation) == "MONOCHROME1"
                let stored = try #require(data.bytes(.pixelData)).array
                let values = picture.values.indices.map { index -> UInt16 in
                    let value = UInt16(stored[2 * index]) | UInt16(stored[2 * index + 1]) << 8
                    return isInverted ? 4095 - value : value
                }
                #expect(values == picture.values)
                #expect(data.int(.rows) == picture.rows && data.int(.columns) == picture.columns)
                #expect(
                    data.string(.patientID) == entry.patient.id && data.string(.patientName)!.hasPrefix("PHANTOM^")
                )
                #expect(data.strings(.imageType).contains("SYNTHETIC"))
                #expect(data.string(.manufacturer)!.contains("Synthetic"))
                #expect(data.string(.studyInstanceUID) == entry.key.study)
                #expect(data.string(.sopInstanceUID) == entry.key.instance)
                kinds.formUnion([
                    data.string(.modality)!, data.string(.photometricInterpretation)!, file.transferSyntax.name,
                    data[.voiLUTSequence] == nil ? "window" : "table",
                ])
            }
            #expect(kinds.isSuperset(of: ["DX", "CR", "MONOCHROME1", "MONOCHROME2", "window", "table"]))
            #expect(kinds.count == 8)
        }
    }

    @Test("UIDs are valid and occur once") func uids() {
        let entries = PhantomDataSet(seed: 1).entries
        #expect((170...240).contains(entries.count))
        #expect(Set(entries.map { $0.key.instance! }).count == entries.count)
        for uid in entries.flatMap({ [$0.key.study!, $0.key.series!, $0.key.instance!] }) {
            let number = uid.dropFirst(5)
            #expect(
                uid.hasPrefix("2.25.") && uid.count <= 44 && number.first != "0" && number.allSatisfy(\.isNumber))
        }
    }

    @Test("The table has a row per picture, and no patient on both sides of the split") func labels() throws {
        try withTemporaryFolder { folder in
            _ = try Self.small.write(to: folder)
            let text = try String(contentsOfFile: folder + "/labels.csv", encoding: .utf8)
            let rows = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
            #expect(rows[0].count == 8 + 14 && rows[0][8] == "no_finding" && rows[0][21] == "support_devices")
            #expect(rows.count == 1 + Self.small.entries.count && rows.allSatisfy { $0.count == 22 })
            let sides = Dictionary(grouping: rows.dropFirst(), by: { $0[1] }).mapValues { Set($0.map { $0[7] }) }
            #expect(sides.values.allSatisfy { $0.count == 1 })
            #expect(rows.dropFirst().allSatisfy { $0[8...].allSatisfy { ["0", "1", "2", "3"].contains($0) } })
        }
    }
}
