import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import Testing

@Suite("Storing") struct StoringTests {
    @Test("An echo is answered") func echo() throws {
        try Bench.run { try $0.client.echo() }
    }

    @Test("An instance is acknowledged only once it is in the store") func acknowledged() throws {
        try Bench.run { bench in
            let caller = try RawCaller.storing(port: bench.port)
            for index in 0..<5 {
                let answer = try caller.store(instance("1.4.\(index)"))
                #expect(answer?.status == .success && answer?.answeredMessageID == 5)
                let stored = try #require(try bench.store.instance("1.4.\(index)"))
                #expect(FileManager.default.fileExists(atPath: stored.path))
                #expect(try bench.store.counts().instances == index + 1)
            }
        }
    }

    @Test("The same again is no error, something else under its UID is, and the first is kept")
    func duplicates() throws {
        try Bench.run { bench in
            let caller = try RawCaller.storing(port: bench.port)
            #expect(try caller.store(instance("1.4.1"))?.status == .success)
            let hash = try bench.store.instance("1.4.1")?.contentHash
            #expect(try caller.store(instance("1.4.1"))?.status == .success)
            #expect(try caller.store(instance("1.4.1", pixel: 9))?.status == .duplicateInstance)
            #expect(try caller.store(instance("1.4.2"))?.status == .success)
            #expect(try bench.store.instance("1.4.1")?.contentHash == hash)
            #expect(try bench.store.counts().instances == 2)
        }
    }

    @Test("A UID that could name another file is refused, in the command and in the data set")
    func hostileUIDs() throws {
        let uids = ["../1.2", "/abs", "..", ".", "1.2/3", "1.2 3", "", "a", String(repeating: "1", count: 65)]
        try Bench.run { bench in
            let caller = try RawCaller.storing(port: bench.port)
            for uid in uids {
                #expect(try caller.store(instance("1.4.1"), as: uid)?.status == .invalidInstance, "\(uid)")
                for other in [instance(uid), instance(study: uid, "1.4.1")] {
                    let status = try caller.store(other, as: "1.4.1")?.status.rawValue ?? 0
                    #expect(status >= 0xa000, "\(uid)")
                }
            }
            #expect(try bench.store.counts().instances == 0)
            #expect(try caller.store(instance("1.4.1"))?.status == .success)
        }
    }

    @Test("A data set that is none, or another one than announced, is refused and the association goes on")
    func mismatches() throws {
        try Bench.run { bench in
            let caller = try RawCaller.storing(port: bench.port)
            #expect(try caller.store(instance("1.4.1"), as: "1.4.2")?.status == .dataSetMismatch)
            var command = CommandSet(.store, hasDataSet: true)
            command.affectedSOPClass = secondaryCapture
            command.affectedSOPInstance = "1.4.3"
            caller.send(command, data: Array("no data set at all, to be sure".utf8))
            #expect(try caller.command()?.status == .cannotUnderstand)
            #expect(try caller.store(instance("1.4.1"))?.status == .success)
            #expect(try bench.store.counts().instances == 1)
        }
    }

    @Test("Files go out over one association or several, once each", arguments: [1, 3]) func send(count: Int)
        throws
    {
        try Bench.run { bench in
            var paths = try write(
                (0..<40).map { instance(study: "1.2.\($0 / 10)", series: "1.3.\($0 / 5)", "1.4.\($0)") },
                in: bench.folder)
            let text = bench.folder + "/text.dcm"
            try "no DICOM".write(toFile: text, atomically: true, encoding: .utf8)
            paths.insert(text, at: 7)
            let report = try bench.client.send(paths, associations: count)
            #expect(report.written == 40 && report.problems.map(\.source) == [text])
            #expect(try bench.store.counts().instances == 40)
            let again = try bench.client.send(paths, associations: count)
            #expect(again.written == 40 && again.problems.count == 1)
            #expect(try bench.store.counts().instances == 40)
        }
    }

    @Test("Sending says which file the other side refused") func refused() throws {
        try Bench.run { bench in
            let paths = try write(
                [instance("1.4.1"), instance("1.4.1", pixel: 3), instance("1.4.2")], in: bench.folder)
            let report = try bench.client.send(paths, window: 1)
            #expect(report.written == 2 && report.problems.map(\.source) == [paths[1]])
            #expect(report.problems.first?.reason.contains("0x0111") == true)
        }
    }

    @Test("Nobody there is an error, not a report") func unreachable() throws {
        try Bench.run { bench in
            var client = bench.client
            client.peer.port = 1
            let paths = try write([instance("1.4.1")], in: bench.folder)
            #expect(throws: DICOMNetworkError.self) { try client.send(paths) }
            #expect(throws: DICOMNetworkError.self) { try client.echo() }
        }
    }

    @Test("Commitment is given for what is in the store, and for nothing else") func commitment() throws {
        try Bench.run { bench in
            _ = try bench.client.send(write([instance("1.4.1"), instance("1.4.2")], in: bench.folder))
            func reference(_ uid: String, _ sopClass: String = secondaryCapture) -> InstanceReference {
                InstanceReference(sopClass: sopClass, sopInstance: uid)
            }
            let all = try bench.client.commit([reference("1.4.1"), reference("1.4.2")])
            #expect(all.kept.map(\.sopInstance) == ["1.4.1", "1.4.2"] && all.refused.isEmpty)
            let some = try bench.client.commit([
                reference("1.4.1", "1.2.3"), reference("1.4.2"), reference("1.4.3"),
            ])
            #expect(some.kept == [reference("1.4.2")])
            #expect(some.refused.map(\.reference.sopInstance) == ["1.4.1", "1.4.3"])
            #expect(some.refused.map(\.reason) == [.classInstanceConflict, .noSuchInstance])
            #expect(throws: DICOMNetworkError.self) { try bench.client.commit([reference("../1")]) }
        }
    }

    @Test("A report goes to the address that the caller's title stands for") func commitmentToAddress() throws {
        let listener = try RawListener()
        let report = started { () throws -> DataSet in
            let caller = listener.accept()
            // The server provides, and is the one that calls.
            try caller.answer { request, user in user.roles = request.user.roles }
            guard let report = try caller.message() else { throw RawCaller.Failed() }
            #expect(report.command.operation == .eventReport && report.command.eventType == 2)
            caller.send(report.command.answer(.success), on: report.context)
            #expect(try caller.receive() == .releaseRequest)
            caller.send(.releaseReply)
            return try DataSet(bytes: Bytes(report.data), as: .explicitVRLittleEndian)
        }
        try Bench.run {
            $0.destinations = [listener.endpoint("RAW")]
        } _: { bench in
            let caller = try RawCaller(port: bench.port)
            let context = PresentationProposal(
                id: 1, abstractSyntax: DICOMUID.storageCommitment, transferSyntaxes: [explicitLittle])
            _ = try caller.associate([context])
            var command = CommandSet(.action, hasDataSet: true)
            command.messageID = 3
            command.requestedSOPClass = DICOMUID.storageCommitment
            command.requestedSOPInstance = DICOMUID.storageCommitmentInstance
            command.actionType = 1
            let reference = DataSet([
                .text(.referencedSOPClassUID, secondaryCapture), .text(.referencedSOPInstanceUID, "1.4.1"),
            ])
            let request = DataSet([
                .text(Tag(0x0008, 0x1195), "2.25.7"), .sequence(.referencedSOPSequence, [reference]),
            ])
            try caller.send(command, data: request.serialized(as: .explicitVRLittleEndian))
            #expect(try caller.command()?.status == .success)
            let answer = try report()
            #expect(answer.string(Tag(0x0008, 0x1195)) == "2.25.7")
            let refused = try #require(answer.items(.failedSOPSequence).first)
            #expect(refused.string(.referencedSOPInstanceUID) == "1.4.1")
            #expect(refused.int(.failureReason) == Int(DIMSEStatus.noSuchInstance.rawValue))
            // It is told once.
            caller.send(.releaseRequest)
            #expect(try caller.receive() == .releaseReply)
        }
    }

    @Test("A report that its own address does not take comes over the association that asked")
    func commitmentElsewhere() throws {
        try Bench.run { other in
            for port in [1, other.port] {
                try Bench.run {
                    $0.destinations = [DICOMEndpoint(title: title("CALLER"), host: "127.0.0.1", port: port)]
                } _: { bench in
                    let reference = InstanceReference(sopClass: secondaryCapture, sopInstance: "1.4.1")
                    let result = try bench.client.commit([reference])
                    #expect(result.refused.map(\.reason) == [.noSuchInstance])
                }
            }
        }
    }
}
