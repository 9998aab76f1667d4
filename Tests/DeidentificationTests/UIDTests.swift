import DICOM
import Deidentification
import LightboxCore
import Testing

@Suite("New UIDs") struct UIDTests {
    private func file(_ instance: String, refersTo other: String, series: String = "1.2.3.2") -> DICOMFile {
        let reference = DataSet([
            .text(Tag(0x0008, 0x1150), "1.2.840.10008.5.1.4.1.1.2"), .text(Tag(0x0008, 0x1155), other),
        ])
        return DICOMFile(
            dataSet: DataSet([
                .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.66.4"), .text(.sopInstanceUID, instance),
                .text(.studyInstanceUID, "1.2.3.1"), .text(.seriesInstanceUID, series),
                .text(Tag(0x0020, 0x0052), "1.2.840.10008.1.4.1.1"),
                .sequence(
                    Tag(0x0008, 0x1115),
                    [
                        DataSet([
                            .text(.seriesInstanceUID, series),
                            .sequence(Tag(0x0008, 0x114a), [reference, reference]),
                        ])
                    ]),
                .text(Tag(0x0008, 0x0058), "1.2.3.4\\1.2.3.5"),
            ]))
    }

    @Test("Files and references inside sequences agree") func consistent() throws {
        let deidentifier = try Deidentifier(key: .test)
        let one = try deidentifier.apply(to: file("1.2.3.4", refersTo: "1.2.3.5")).file.dataSet
        let two = try deidentifier.apply(to: file("1.2.3.5", refersTo: "1.2.3.4")).file.dataSet
        func reference(_ dataSet: DataSet) -> [String] {
            dataSet.items(Tag(0x0008, 0x1115)).flatMap { $0.items(Tag(0x0008, 0x114a)) }
                .compactMap { $0.string(Tag(0x0008, 0x1155)) }
        }
        let (first, second) = (
            try #require(one.string(.sopInstanceUID)), try #require(two.string(.sopInstanceUID))
        )
        #expect(first != second)
        #expect(reference(one) == [second, second])
        #expect(reference(two) == [first, first])
        #expect(one.strings(Tag(0x0008, 0x0058)) == [first, second])
        #expect(one.string(.studyInstanceUID) == two.string(.studyInstanceUID))
        let inner = one.items(Tag(0x0008, 0x1115)).first?.string(.seriesInstanceUID)
        #expect(inner == one.string(.seriesInstanceUID))
        // The standard's own, such as an atlas's frame of reference, means the same everywhere.
        #expect(one.string(Tag(0x0020, 0x0052)) == "1.2.840.10008.1.4.1.1")
        let meta = try deidentifier.apply(to: file("1.2.3.4", refersTo: "1.2.3.5")).file.fileMeta
        #expect(meta.string(.mediaStorageSOPInstanceUID) == first)
    }

    @Test("They are well-formed UUIDs in decimal, and differ") func form() throws {
        let deidentifier = try Deidentifier(key: .test)
        var seen: Set<String> = []
        for number in 0..<2000 {
            let dataSet = DataSet([.text(.sopInstanceUID, "1.2.3.\(number)")])
            let uid = try deidentifier.apply(to: DICOMFile(dataSet: dataSet)).file.dataSet.string(.sopInstanceUID)
            let text = try #require(uid)
            #expect(text.hasPrefix("2.25.") && text.utf8.count <= 44)
            let digits = text.dropFirst(5)
            #expect(digits.first != "0")
            let value = try #require(UInt128(digits))
            #expect(value >> 76 & 0xf == 8 && value >> 62 & 3 == 2)
            seen.insert(text)
        }
        #expect(seen.count == 2000)
    }

    @Test("An HMAC of RFC 4231") func keyedHash() {
        let digest = KeyedHash(key: Array("Jefe".utf8)).hash(of: Array("what do ya want for nothing?".utf8))
        let hexadecimal = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hexadecimal == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = KeyedHash(key: [UInt8](repeating: 0xaa, count: 131))
            .hash(of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        #expect(long.prefix(4).elementsEqual([0x60, 0xe4, 0x31, 0x59]))
    }

    @Test("Many threads give the same names") func threads() async throws {
        let deidentifier = try Deidentifier(key: .test)
        let source = file("1.2.3.4", refersTo: "1.2.3.5")
        let expected = try deidentifier.apply(to: source).file.serialized()
        let results = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<64 { group.addTask { try deidentifier.apply(to: source).file.serialized() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 64 && results.allSatisfy { $0 == expected })
    }
}
