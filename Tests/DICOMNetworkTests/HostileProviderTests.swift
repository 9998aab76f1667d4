import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import NIOCore
import TestSupport
import Testing

/// The other side of a C-GET chooses the names of what it sends.
@Suite("Hostile providers") struct HostileProviderTests {
    static let uids = [
        "/etc/lightbox", "/abs", "..", "../up", "../../up", ".", "1.2/3", "1.2\\3", "", "~", "C:\\x", "1.2 3",
        "1.2\n3",
        String(repeating: "1", count: 65),
    ]

    @Test("Absolute names, `..` and other paths over C-GET become no files") func names() throws {
        try withTemporaryFolder { folder in
            let target = folder + "/a/b"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            // The command names the file, or the data set does; both are tried.
            let sent =
                Self.uids.map { ($0, instance($0)) } + Self.uids.map { ("1.4.1", instance($0)) }
                + Self.uids.map { ($0, instance("1.4.1")) } + [("1.4.2", instance("1.4.2"))]
            let statuses = try Self.get(sent, into: .folder(target))
            #expect(statuses.count == sent.count)
            #expect(statuses.dropLast().allSatisfy { !$0.isSuccess && !$0.isWarning })
            #expect(statuses.last == .success)
            #expect(
                try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == [
                    "a", "a/b", "a/b/1.4.2.dcm",
                ])
            #expect(!FileManager.default.fileExists(atPath: "/etc/lightbox.dcm"))
        }
    }

    @Test("The same into a store leaves it empty") func namesIntoStore() throws {
        try withTemporaryFolder { folder in
            let store = try DICOMCatalog(home: TestEngine.home(folder)).store(
                DICOMStoreName("d/s"), creating: true)
            let statuses = try Self.get(Self.uids.map { ($0, instance($0)) }, into: .store(store))
            #expect(statuses.count == Self.uids.count && statuses.allSatisfy { !$0.isSuccess })
            #expect(try store.counts().instances == 0)
        }
    }

    @Test("A link that waits under an instance's name is not written through") func links() throws {
        try withTemporaryFolder { folder in
            let target = folder + "/in"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/victim"))
            for (uid, place) in [("1.4.1", "../victim"), ("1.4.2", "../new"), ("1.4.3", "1.4.3.dcm")] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(target)/\(uid).dcm", withDestinationPath: place)
            }
            let statuses = try Self.get(
                ["1.4.1", "1.4.2", "1.4.3", "1.4.4"].map { ($0, instance($0)) }, into: .folder(target))
            #expect(statuses.map(\.isSuccess) == [false, false, false, true])
            #expect(try String(contentsOfFile: folder + "/victim", encoding: .utf8) == "mine")
            #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: target).count == 4)
        }
    }

    @Test("Who goes on talking does not hold up the end of an association") func endlessTalk() throws {
        let listener = try RawListener()
        let wasHungUpOn = started {
            let caller = listener.accept()
            try caller.answer()
            guard let echo = try caller.message() else { throw RawCaller.Failed() }
            caller.send(echo.command.answer(.success), on: echo.context)
            for _ in 0..<1000 {
                guard caller.send(RawCaller.message(echo.command)) else { return true }
                usleep(20_000)
            }
            return false
        }
        var client = DICOMClient(title: title("CALLER"), peer: listener.endpoint("TALKER"))
        client.timeouts.association = .seconds(1)
        try client.echo()
        #expect(try wasHungUpOn())
    }

    // MARK: Help

    /// Fetches from a provider that sends what it is told to; gives the answers to its C-STORE requests.
    private static func get(
        _ instances: [(command: String, dataSet: DataSet)], into target: InstanceTarget
    ) throws -> [DIMSEStatus] {
        let listener = try RawListener()
        let statuses = started { try serve(instances, on: listener.accept()) }
        var client = DICOMClient(title: title("CALLER"), peer: listener.endpoint("HOSTILE"))
        client.timeouts.association = .seconds(20)
        _ = try client.get(.study, matching: DataSet([.text(.studyInstanceUID, "1.2.1")]), into: target)
        return try statuses()
    }

    /// Provides C-GET for one association.
    private static func serve(
        _ instances: [(command: String, dataSet: DataSet)], on caller: RawCaller
    ) throws -> [DIMSEStatus] {
        let request = try caller.answer { request, user in user.roles = request.user.roles }
        let storing = request.contexts.first {
            $0.abstractSyntax == secondaryCapture && $0.transferSyntaxes.contains(explicitLittle)
        }
        guard let storing, let get = try caller.message() else { throw RawCaller.Failed() }
        let statuses = try instances.enumerated().map { index, instance in
            var command = CommandSet(.store, hasDataSet: true)
            command.messageID = UInt16(index + 100)
            command.affectedSOPClass = secondaryCapture
            command.affectedSOPInstance = instance.command
            command.priority = 0
            let data = try instance.dataSet.serialized(as: .explicitVRLittleEndian)
            caller.send(command, data: data, on: storing.id)
            guard let answer = try caller.message() else { throw RawCaller.Failed() }
            return answer.command.status
        }
        caller.send(get.command.answer(.success), on: get.context)
        if case .releaseRequest? = try caller.receive() { caller.send(.releaseReply) }
        return statuses
    }
}
