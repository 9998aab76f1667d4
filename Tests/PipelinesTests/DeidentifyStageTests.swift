import DICOM
import DICOMStore
import Deidentification
import Foundation
import LightboxCore
import Pipelines
import TestSupport
import Testing

@Suite("De-identify stage") struct DeidentifyStageTests {
    private static let key = DeidentificationKey(Array(0..<32))

    /// A small image of a patient, in a file whose name has the patient's.
    private static func write(_ number: Int, to folder: String, _ change: (inout DataSet) -> Void = { _ in })
        throws
    {
        var dataSet = DataSet([
            .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2"), .text(.sopInstanceUID, "1.2.3.4.\(number)"),
            .text(.studyInstanceUID, "1.2.3.1"), .text(.seriesInstanceUID, "1.2.3.2"), .text(.modality, "CT"),
            .text(.patientName, "Quetzal^Ann"), .text(.patientID, "QX4711"), .text(.studyDate, "20200131"),
            .uint16(.rows, 4), .uint16(.columns, 4), .uint16(.samplesPerPixel, 1), .uint16(.bitsAllocated, 8),
            .uint16(.bitsStored, 8), .uint16(.highBit, 7), .uint16(.pixelRepresentation, 0),
            .text(.photometricInterpretation, "MONOCHROME2"),
            .bytes(.pixelData, Array(repeating: UInt8(number), count: 16), vr: .OB),
        ])
        change(&dataSet)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try DICOMFile(dataSet: dataSet).write(to: "\(folder)/quetzal_\(number).dcm")
    }

    private func contents(of folder: String) throws -> [String: Data] {
        let files = try FileTree.files(below: folder)
        return try Dictionary(
            uniqueKeysWithValues: files.map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) })
    }

    @Test("A folder: new names everywhere, a second run changes nothing, problems name no file") func folder()
        throws
    {
        try withTemporaryFolder { folder in
            for number in 1...6 { try Self.write(number, to: folder + "/in") }
            // The same instance with other pixels, no study, no DICOM, and a screen shot.
            try Self.write(7, to: folder + "/in") { $0[.sopInstanceUID] = .text(.sopInstanceUID, "1.2.3.4.6") }
            try Self.write(8, to: folder + "/in") { $0[.studyInstanceUID] = nil }
            try Data("Quetzal".utf8).write(to: URL(fileURLWithPath: folder + "/in/quetzal_9.dcm"))
            try Self.write(10, to: folder + "/in") { $0[.modality] = .text(.modality, "OT") }
            var stage = DeidentifyStage(try Deidentifier(key: Self.key))
            stage.correspondencePath = folder + "/names.csv"
            let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
            let output = folder + "/out"
            let first = try stage.run([folder + "/in"], to: .folder(output), context)
            #expect(first.report.written == 7)
            #expect(first.report.problems.count == 3)
            #expect(first.findings[.mayHaveBurnedInText] == 1)
            let report = "\(first.report.problems)"
            for secret in ["uetzal", "QX4711", folder] { #expect(!report.contains(secret)) }
            let files = try contents(of: output)
            #expect(files.count == 8)
            for (path, data) in files {
                for secret in ["uetzal", "QX4711", "20200131", "1.2.3"] {
                    #expect(!path.dropFirst(output.count).contains(secret))
                    #expect(data.range(of: Data(secret.utf8)) == nil)
                }
            }
            let second = try stage.run([folder + "/in"], to: .folder(output), context)
            #expect(second.report.written == 0 && second.report.unchanged == 7)
            #expect(try contents(of: output) == files)
            let table = try String(contentsOfFile: folder + "/names.csv", encoding: .utf8).split(separator: "\n")
            #expect(table.count { $0.hasPrefix("File,") } == 10)
            #expect(table.count { $0.hasPrefix("PatientID,QX4711,P") } == 1)
        }
    }

    @Test("warnings.jsonl has a line for each instance, whichever run has made it") func warnings() throws {
        try withTemporaryFolder { folder in
            for number in 1...4 {
                try Self.write(number, to: folder + "/in\(number)") {
                    if number != 2 { $0[.modality] = .text(.modality, "OT") }
                }
            }
            let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
            let stage = DeidentifyStage(try Deidentifier(key: Self.key))
            let path = folder + "/out/warnings.jsonl"
            func run(_ stage: DeidentifyStage, _ numbers: [Int]) throws -> [Substring] {
                _ = try stage.run(numbers.map { folder + "/in\($0)" }, to: .folder(folder + "/out"), context)
                return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            }
            let first = try run(stage, [1, 2])
            #expect(first.count == 1 && first[0].hasPrefix(#"{"instance":"2.25."#))
            let both = try run(stage, [3])
            #expect(both.count == 2 && both.contains(first[0]))
            #expect(try run(stage, [1, 3]) == both)
            #expect(try run(stage, [2]) == both)
            #expect(try run(stage, [1, 2, 3]) == both)
            // Lines of another's stay; cleaned instances lose theirs.
            try Data((both.joined(separator: "\n") + "\nmine\n").utf8).write(to: URL(fileURLWithPath: path))
            #expect(try Set(run(stage, [4])).isSuperset(of: both + ["mine"]))
            let rule = PixelRule(blank: [PixelRegion(left: 0, top: 0, width: 1, height: 1)])
            let cleaning = DeidentifyStage(
                try Deidentifier(options: [.cleanPixelData], rules: RuleSet(pixels: [rule]), key: Self.key))
            #expect(try run(cleaning, [1, 2, 3, 4]) == ["mine"])
        }
    }

    @Test("What a killed run has left goes with the next one, what a live one has in hand stays") func leftovers()
        throws
    {
        try withTemporaryFolder { folder in
            try Self.write(1, to: folder + "/in")
            let output = folder + "/out"
            let dead = output + "/.deidentify-dead"
            try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(fileURLWithPath: dead + "/1.dcm"))
            try Data().write(to: URL(fileURLWithPath: dead + ".lock"))
            let live = try IncomingFolder(in: output, prefix: ".deidentify-")
            try Data([1]).write(to: URL(fileURLWithPath: live.path + "/1.dcm"))
            let context = StageContext(home: Home(path: folder + "/home"))
            let stage = DeidentifyStage(try Deidentifier(key: Self.key))
            #expect(try stage.run([folder + "/in"], to: .folder(output), context).report.written == 1)
            let hidden = try FileManager.default.contentsOfDirectory(atPath: output).filter { $0.hasPrefix(".") }
            let name = (live.path as NSString).lastPathComponent
            #expect(Set(hidden) == [name, name + ".lock"])
            #expect(FileManager.default.fileExists(atPath: live.path + "/1.dcm"))
        }
    }

    @Test("A store cannot be its own destination") func ownDestination() throws {
        try withTemporaryFolder { folder in
            let context = StageContext(home: Home(path: folder + "/home"))
            let store = try DICOMCatalog(home: context.home).store(DICOMStoreName("one"), creating: true)
            let stage = DeidentifyStage(try Deidentifier(key: Self.key))
            for source in ["dicom:one", "dicom:default/one"] {
                #expect(throws: InputError.self) { try stage.run([source], to: .store(store), context) }
            }
        }
    }

    @Test("From a store into a store") func stores() throws {
        try withTemporaryFolder { folder in
            for number in 1...5 { try Self.write(number, to: folder + "/in") }
            let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
            let catalog = try DICOMCatalog(home: context.home)
            let source = try catalog.store(DICOMStoreName("one"), creating: true)
            _ = try ImportStage().run([folder + "/in"], into: { _ in source }, context)
            let target = try catalog.store(DICOMStoreName("two"), creating: true)
            let stage = DeidentifyStage(try Deidentifier(key: Self.key))
            let result = try stage.run(["dicom:one"], to: .store(target), context)
            #expect(result.report.written == 5 && result.report.problems.isEmpty)
            #expect(try target.counts().instances == 5)
            try target.forEachInstance { #expect($0.record.instance.sopInstanceUID.hasPrefix("2.25.")) }
            let again = try stage.run(["dicom:one"], to: .store(target), context)
            #expect(again.report.written == 0 && again.report.unchanged == 5)
            // Nothing is left beside the instances, and other content under a known UID is a problem.
            #expect(
                try Set(FileManager.default.contentsOfDirectory(atPath: target.root)) == ["instances", "incoming"])
            let other = DeidentifyStage(
                try Deidentifier(rules: RuleSet([.init(.tag(.modality), .remove)]), key: Self.key))
            let conflicts = try other.run(["dicom:one"], to: .store(target), context)
            #expect(conflicts.report.written == 0 && conflicts.report.problems.count == 5)
            #expect(conflicts.report.problems.first?.source == "input 1 of 5")
        }
    }

    @Test("Compressed pixels are decoded where a rule blanks part of them") func compressedRegions() throws {
        try withTemporaryFolder { folder in
            // One RLE segment: eight times 5, eight times 6 (PS3.5 annex G).
            let header: [UInt8] = [1, 0, 0, 0, 64, 0, 0, 0] + Array(repeating: 0, count: 56)
            let frame = Bytes(header + [0xf9, 5, 0xf9, 6])
            var dataSet = DataSet()
            try Self.write(1, to: folder + "/in") {
                $0[.modality] = .text(.modality, "US")
                dataSet = $0
            }
            dataSet[.pixelData] = Element(.pixelData, .OB, .fragments(offsetTable: .empty, [frame]))
            try DICOMFile(dataSet: dataSet, transferSyntax: .rleLossless).write(to: folder + "/in/quetzal_1.dcm")
            let rule = PixelRule(modality: "US", blank: [PixelRegion(left: 0, top: 0, width: 4, height: 1)])
            let stage = DeidentifyStage(
                try Deidentifier(options: [.cleanPixelData], rules: RuleSet(pixels: [rule]), key: Self.key))
            let result = try stage.run(
                [folder + "/in"], to: .folder(folder + "/out"), StageContext(home: Home(path: folder + "/home")))
            #expect(result.report.written == 1)
            let path = try #require(try FileTree.files(below: folder + "/out").first)
            let pixels = try DICOMFile(path: path).dataSet.bytes(.pixelData)?.array
            #expect(pixels == [0, 0, 0, 0, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6])
        }
    }
}
