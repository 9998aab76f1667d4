import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import Testing

@Suite("Queries and retrievals") struct QueryTests {
    static func filled(
        _ change: (inout DICOMServer.Configuration) -> Void = { _ in }, _ body: (Bench) throws -> Void
    )
        throws
    {
        try Bench.run(change) { bench in
            let instances = (0..<12).map {
                instance(
                    study: "1.2.\($0 / 4)", series: "1.3.\($0 / 2)", "1.4.\($0)", patient: "P\($0 / 8)",
                    name: $0 < 8 ? "Doe^Jane" : "Müller^Uwe")
            }
            let report = try bench.client.send(try write(instances, in: bench.folder))
            #expect(report.written == 12)
            try body(bench)
        }
    }

    static func found(
        _ bench: Bench, _ level: QueryLevel, _ keys: [Element], limit: Int? = nil
    ) throws -> [DataSet] {
        var matches: [DataSet] = []
        try bench.client.find(level, matching: DataSet(keys), limit: limit) { matches.append($0) }
        return matches
    }

    static let table: [(level: QueryLevel, keys: [Element], count: Int)] = [
        (.patient, [.text(.patientID, "")], 2),
        (.patient, [.text(.patientName, "DOE*")], 1),
        (.study, [.text(.studyInstanceUID, "")], 3),
        (.study, [.text(.patientID, "P*")], 3),
        (.study, [.text(.patientID, "P?")], 3),
        (.study, [.text(.patientID, "P0")], 2),
        (.study, [.text(.patientID, "P??")], 0),
        (.study, [.text(.patientName, "Doe*")], 2),
        (.study, [.text(.patientName, "*jane")], 2),
        (.study, [.text(.specificCharacterSet, "ISO_IR 192"), .text(.patientName, "Müll*")], 1),
        (.study, [.text(.studyDate, "20240101-20240201")], 3),
        (.study, [.text(.studyDate, "20240201-")], 0),
        (.study, [.text(.studyInstanceUID, "1.2.0", "1.2.2")], 2),
        (.series, [.text(.studyInstanceUID, "1.2.1"), .text(.modality, "DX")], 2),
        (.series, [.text(.studyInstanceUID, "1.2.1"), .text(.modality, "CT")], 0),
        (.image, [.text(.seriesInstanceUID, "1.3.0"), .text(.sopInstanceUID, "")], 2),
    ]

    @Test("Keys match as PS3.4 section C.2.2.2 says") func find() throws {
        try Self.filled { bench in
            for row in Self.table {
                let matches = try Self.found(bench, row.level, row.keys)
                #expect(matches.count == row.count, "\(row.level) \(row.keys.map(\.tag))")
            }
        }
    }

    @Test("An answer has the keys asked for and those that name it, texts whole") func answers() throws {
        try Self.filled { bench in
            let keys: [Element] = [
                .text(.studyInstanceUID, "1.2.2"), .text(.patientName, ""), .text(.accessionNumber, ""),
            ]
            let match = try #require(try Self.found(bench, .study, keys).first)
            #expect(match.string(.studyInstanceUID) == "1.2.2")
            #expect(match.string(.patientName) == "Müller^Uwe")
            #expect(match[.accessionNumber] != nil && match.string(.accessionNumber)?.isEmpty != false)
            #expect(match.string(Tag(0x0008, 0x0054)) == "LIGHTBOX")
            #expect(match[.studyDate] == nil)
        }
    }

    @Test("A query ends when enough came") func limit() throws {
        try Self.filled { bench in
            let matches = try Self.found(bench, .image, [.text(.sopInstanceUID, "")], limit: 3)
            #expect(matches.count == 3)
        }
    }

    @Test("A query that is cancelled ends with a status that says so") func cancelled() throws {
        try Self.filled { bench in
            let find = "1.2.840.10008.5.1.4.1.2.2.1"
            let caller = try RawCaller(port: bench.port)
            _ = try caller.associate([.init(id: 1, abstractSyntax: find, transferSyntaxes: [explicitLittle])])
            var command = CommandSet(.find, hasDataSet: true)
            command.messageID = 9
            command.affectedSOPClass = find
            let keys = DataSet([
                .text(Tag(0x0008, 0x0052), "IMAGE", vr: .CS), .text(.sopInstanceUID, ""),
            ])
            var cancel = CommandSet(.cancel, hasDataSet: false)
            cancel.answeredMessageID = 9
            // In one write, so that it is there before the first match is told.
            caller.send(
                RawCaller.message(command, data: try keys.serialized(as: .explicitVRLittleEndian))
                    + RawCaller.message(cancel))
            var matches = 0
            var last = try caller.message()?.command.status
            while last?.isPending == true {
                matches += 1
                last = try caller.message()?.command.status
            }
            #expect(last == .cancelled && last?.rawValue == 0xfe00)
            #expect(matches < 12)
        }
    }

    @Test("C-GET brings a study's files, into a folder or a store") func get() throws {
        try Self.filled { bench in
            let folder = bench.folder + "/got"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let keys = DataSet([.text(.studyInstanceUID, "1.2.1")])
            let result = try bench.client.get(.study, matching: keys, into: .folder(folder))
            #expect(result.status == .success && result.counts.completed == 4 && result.received.added == 4)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == (4..<8).map { "1.4.\($0).dcm" })
            let file = try DICOMFile(path: folder + "/1.4.5.dcm")
            let original = try DICOMFile(path: bench.folder + "/f5.dcm")
            #expect(
                try file.dataSet.serialized(as: .explicitVRLittleEndian)
                    == original.dataSet.serialized(as: .explicitVRLittleEndian))

            let other = try bench.store.catalog.store(DICOMStoreName("d/other"), creating: true)
            let again = try bench.client.get(.study, matching: keys, into: .store(other))
            #expect(again.received.added == 4)
            #expect(try other.counts().instances == 4)
        }
    }

    @Test("Names in a retrieval are UIDs and nothing else") func hostileKeys() throws {
        try Bench.run { bench in
            for uid in ["*", "../1", "/abs", "1.2.?", ""] {
                #expect(throws: DICOMNetworkError.self) {
                    try bench.client.get(
                        .study, matching: DataSet([.text(.studyInstanceUID, uid)]), into: .folder(bench.folder))
                }
            }
        }
    }

    @Test("C-MOVE sends to the applications that the server knows, and no others") func move() throws {
        try Bench.run { destination in
            try Self.filled {
                $0.destinations = [
                    DICOMEndpoint(title: title("OTHER"), host: "127.0.0.1", port: destination.port)
                ]
            } _: { bench in
                let keys = DataSet([.text(.studyInstanceUID, "1.2.0", "1.2.2")])
                let result = try bench.client.move(.study, matching: keys, to: title("OTHER"))
                #expect(result.status == .success && result.counts.completed == 8)
                #expect(try destination.store.counts().instances == 8)
                let error = #expect(throws: DICOMNetworkError.self) {
                    try bench.client.move(.study, matching: keys, to: title("NOWHERE"))
                }
                #expect(error?.description.contains("0xA801") == true)
            }
        }
    }
}
