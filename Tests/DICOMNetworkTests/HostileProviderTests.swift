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
            let store = try DICOMCatalog(home: Home(path: folder)).store(DICOMStoreName("d/s"), creating: true)
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

    // MARK: Help

    /// Fetches from a provider that sends what it is told to; gives the answers to its C-STORE requests.
    private static func get(
        _ instances: [(command: String, dataSet: DataSet)], into target: InstanceTarget
    ) throws -> [DIMSEStatus] {
        let provider = try Provider()
        let statuses = Answers()
        let thread = Thread { statuses.value = Result { try provider.serve(instances) } }
        thread.start()
        var client = DICOMClient(
            title: title("CALLER"),
            peer: DICOMEndpoint(title: title("HOSTILE"), host: "127.0.0.1", port: provider.port))
        client.timeouts.association = .seconds(20)
        _ = try client.get(.study, matching: DataSet([.text(.studyInstanceUID, "1.2.1")]), into: target)
        while !thread.isFinished { usleep(1000) }
        return try #require(statuses.value).get()
    }

    /// Written by the provider's thread before it ends, read after.
    private final class Answers: @unchecked Sendable {
        var value: Result<[DIMSEStatus], any Error>?
    }
}

/// A C-GET provider on a socket, for one association.
private final class Provider: @unchecked Sendable {
    // Unchecked: made on one thread, then used by another alone.
    struct Failed: Error {}

    let port: Int
    private let listener: Int32
    private var descriptor: Int32 = -1
    private var reader = PDUReader(limits: PDULimits(dataLength: 1 << 20, associateLength: 1 << 23))
    private var values: [PresentationDataValue] = []

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(descriptor, $0, length) == 0, listen(descriptor, 1) == 0,
                    getsockname(descriptor, $0, &length) == 0
                else { throw Failed() }
            }
            return Int(in_port_t(bigEndian: pointer.pointee.sin_port))
        }
    }

    deinit {
        close(descriptor)
        close(listener)
    }

    func serve(_ instances: [(command: String, dataSet: DataSet)]) throws -> [DIMSEStatus] {
        descriptor = accept(listener, nil, nil)
        guard case .associateRequest(let request)? = try receive() else { throw Failed() }
        var user = UserInformation(maximumLength: 1 << 16)
        user.roles = request.user.roles
        let storing = request.contexts.first {
            $0.abstractSyntax == secondaryCapture && $0.transferSyntaxes.contains(explicitLittle)
        }
        guard let storing else { throw Failed() }
        send(
            .associateAccept(
                AssociateAccept(
                    calledTitle: request.calledTitle, callingTitle: request.callingTitle,
                    contexts: request.contexts.map {
                        .init(
                            id: $0.id, result: .accepted,
                            transferSyntax: $0.id == storing.id ? explicitLittle : $0.transferSyntaxes[0])
                    }, user: user)))
        let (get, context) = try command()
        _ = try value()  // the identifier
        let statuses = try instances.enumerated().map { index, instance in
            var command = CommandSet(.store, hasDataSet: true)
            command.messageID = UInt16(index + 100)
            command.affectedSOPClass = secondaryCapture
            command.affectedSOPInstance = instance.command
            command.priority = 0
            send(command.encoded, isCommand: true, on: storing.id)
            let data = try instance.dataSet.serialized(as: .explicitVRLittleEndian)
            send(ByteBuffer(bytes: data), isCommand: false, on: storing.id)
            return try self.command().command.status
        }
        send(get.answer(.success).encoded, isCommand: true, on: context)
        if case .releaseRequest? = try receive() { send(.releaseReply) }
        return statuses
    }

    private func send(_ pdu: PDU) {
        let bytes = Array(pdu.encoded.readableBytesView)
        _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func send(_ bytes: ByteBuffer, isCommand: Bool, on context: UInt8) {
        send(.data([PresentationDataValue(contextID: context, isCommand: isCommand, isLast: true, bytes: bytes)]))
    }

    private func command() throws -> (command: CommandSet, context: UInt8) {
        let value = try value()
        return (try CommandSet(bytes: Array(value.bytes.readableBytesView)), value.contextID)
    }

    /// The next piece of a message; every one here is a whole command or data set.
    private func value() throws -> PresentationDataValue {
        if !values.isEmpty { return values.removeFirst() }
        guard case .data(let some)? = try receive() else { throw Failed() }
        values = some
        return try value()
    }

    private func receive() throws -> PDU? {
        while true {
            if let pdu = try reader.next() { return pdu }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return nil }
            reader.append(Array(bytes.prefix(count)))
        }
    }
}
