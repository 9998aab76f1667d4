import DICOM
import Deidentification
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Keys and correspondences") struct KeyTests {
    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func pseudonym(_ key: DeidentificationKey) throws -> String? {
        try Deidentifier(key: key).apply(to: DICOMFile(dataSet: DataSet([.text(.patientID, "4711")])))
            .file.dataSet.string(.patientID)
    }

    @Test("A key is made once, for its owner alone") func made() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/keys/project.key"
            let first = try DeidentificationKey(file: path)
            #expect(try mode(path) == 0o600)
            let second = try DeidentificationKey(file: path)
            #expect(try pseudonym(first) == pseudonym(second))
            let other = try DeidentificationKey(file: folder + "/other.key")
            #expect(try pseudonym(first) != pseudonym(other))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/keys") == ["project.key"])
        }
    }

    @Test("A key that others can read, or that is none, is refused") func refused() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/k"
            try Data("0123456789abcdef0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o644)
            let exposed = try #require(throws: DeidentificationError.self) { try DeidentificationKey(file: path) }
            #expect(exposed.code == .exposedKey)
            chmod(path, 0o600)
            _ = try DeidentificationKey(file: path)
            for text in ["", "0123", "not a key, but long enough to be one", "0123456789abcdef0123456789abcde"] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                chmod(path, 0o600)
                let error = try #require(throws: DeidentificationError.self) {
                    try DeidentificationKey(file: path)
                }
                #expect(error.code == .invalidKey)
            }
        }
    }

    @Test("The table of correspondences has each name once, and is its owner's alone") func table() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/private/names.csv"
            let table = try CorrespondenceTable(path: path)
            let dataSet = DataSet([
                .text(.patientID, "Smith, \"Joe\""), .text(.studyInstanceUID, "1.2.3"),
                .text(.studyDate, "20200131"),
            ])
            let deidentifier = try Deidentifier(options: [.retainModifiedDates], key: .test)
            let names = try deidentifier.apply(to: DICOMFile(dataSet: dataSet)).correspondence
            #expect(Set(names.map(\.kind)) == [.patientID, .studyInstanceUID, .days])
            table.add(names)
            table.add(names)
            try table.save()
            #expect(try mode(path) == 0o600)
            #expect(try mode(folder + "/private") == 0o700)
            let again = try CorrespondenceTable(path: path)
            #expect(again.count == 3)
            again.add(names)
            try again.save()
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 4 && lines[0] == "kind,old,new")
            #expect(lines.contains { $0.hasPrefix("PatientID,\"Smith, \"\"Joe\"\"\",P") })
            try Data("a,b\n".utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: DeidentificationError.self) { try CorrespondenceTable(path: path) }
        }
    }
}
