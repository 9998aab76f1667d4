import DICOM
import DICOMStore
import LightboxCore
import Testing

@Suite("Texts that an index could choke on") struct HostileTextTests {
    private func study(_ number: Int, _ elements: [Element]) -> [UInt8] {
        instanceBytes(
            study: "1.2.\(number)", series: "1.3.\(number)", instance: "1.4.\(number)",
            more: [.text(.specificCharacterSet, "ISO_IR 192")] + elements)
    }

    @Test("A NUL, and more letters than any VR has, keep no file out and are found")
    func odd() async throws {
        try await withStore { store, folder async throws in
            let long = String((0..<9000).map { "äöüABC1234567890"[$0 % 16] })
            let files = [
                study(1, [.text(.patientID, "A\0B"), .text(.patientName, "Nul\0^Jo\0hn", vr: .PN)]),
                study(
                    2,
                    [
                        .text(.patientID, long), .text(.patientName, "\(long)^\(long)", vr: .PN),
                        .text(.accessionNumber, long), .text(.studyDate, long), .text(.modality, long),
                        .text(.studyDescription, long),
                    ]),
                study(3, [.text(.patientID, "A'; DROP TABLE dicom_study --\\")]),
            ]
            let report = try await store.ingest(try write(files, in: folder))
            #expect(report.written == 3 && report.problems.isEmpty)
            for number in 1...3 {
                let stored = try #require(try store.instance("1.4.\(number)"))
                #expect(try stored.record == InstanceRecord(of: stored.file()))
                #expect(stored.record.study.patientID?.utf8.contains(0) == false)
                #expect((stored.record.study.patientName ?? "").utf8.count <= 1024)
                let query = AttributeQuery(
                    level: .study, terms: [.init(.patientID, stored.record.study.patientID ?? "")])
                #expect(try store.search(query).map { $0.string(.studyInstanceUID) } == ["1.2.\(number)"])
            }
            let terms = [
                AttributeQuery.Term(.patientID, "A\0B"), .init(.patientID, "A\0*"), .init(.patientName, "nul\0*"),
            ]
            for term in terms {
                let found = try store.search(AttributeQuery(level: .study, terms: [term]))
                #expect(found.map { $0.string(.studyInstanceUID) } == ["1.2.1"])
            }
            #expect(try store.instances(matching: InstanceFilter(patientID: "A\0B"), limit: 9).count == 1)
            #expect(try store.instance("1.4\u{0}1") == nil)
            #expect(try store.revisions(of: "1\0").isEmpty)
            #expect(throws: DICOMStoreError.self) { try store.catalog.dataset("d\0") }
            #expect(try await store.verify() == IngestTests.whole(3))
        }
    }
}

extension String {
    fileprivate subscript(position: Int) -> Character { self[index(startIndex, offsetBy: position)] }
}
