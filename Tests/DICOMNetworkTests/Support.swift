import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import NIOCore
import Synchronization
import TestSupport

let secondaryCapture = "1.2.840.10008.5.1.4.1.1.7"
let explicitLittle = TransferSyntax.explicitVRLittleEndian.uid
let implicitLittle = TransferSyntax.implicitVRLittleEndian.uid

/// A small instance: 4 × 4 pixels.
func instance(
    study: String = "1.2.1", series: String = "1.2.1.1", _ instance: String, patient: String = "P1",
    name: String = "Doe^Jane", pixel: UInt8 = 0
) -> DataSet {
    DataSet([
        .text(.specificCharacterSet, "ISO_IR 192"), .text(.sopClassUID, secondaryCapture),
        .text(.sopInstanceUID, instance), .text(.studyInstanceUID, study),
        .text(.seriesInstanceUID, series), .text(.patientID, patient), .text(.patientName, name),
        .text(.modality, "DX"), .text(.studyDate, "20240131"), .int(.instanceNumber, 7), .int(.rows, 4),
        .int(.columns, 4), .int(.bitsAllocated, 8), .int(.samplesPerPixel, 1), .int(.bitsStored, 8),
        .int(.highBit, 7), .int(.pixelRepresentation, 0), .text(.photometricInterpretation, "MONOCHROME2"),
        .bytes(.pixelData, Array(repeating: pixel, count: 16), vr: .OW),
    ])
}

/// Files in `folder` and their paths.
func write(_ dataSets: [DataSet], in folder: String, prefix: String = "f") throws -> [String] {
    try dataSets.enumerated().map { index, dataSet in
        let path = "\(folder)/\(prefix)\(index).dcm"
        try DICOMFile(dataSet: dataSet).write(to: path)
        return path
    }
}

/// A server with an empty store, and who calls it.
struct Bench {
    let server: DICOMServer
    let store: DICOMStore
    let folder: String
    let port: Int
    let client: DICOMClient

    static func run(
        _ change: (inout DICOMServer.Configuration) -> Void = { _ in }, _ body: (Bench) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let store = try DICOMCatalog(home: TestEngine.home(folder + "/home"))
                .store(DICOMStoreName("d/s"), creating: true)
            var configuration = DICOMServer.Configuration(title: title("LIGHTBOX"))
            configuration.port = 0
            change(&configuration)
            let server = DICOMServer(configuration, store: store)
            try server.start()
            defer { server.stop() }
            let port = server.port ?? 0
            var client = DICOMClient(
                title: title("CALLER"),
                peer: DICOMEndpoint(title: title("LIGHTBOX"), host: "127.0.0.1", port: port))
            client.timeouts.association = .seconds(20)
            try body(Bench(server: server, store: store, folder: folder, port: port, client: client))
        }
    }
}

func title(_ text: String) -> AETitle {
    guard let title = AETitle(text) else { preconditionFailure("\(text) is an AE title") }
    return title
}

/// Speaks on a socket byte by byte, so that it can also say what no honest caller does.
final class RawCaller {
    struct Failed: Error {}

    private let descriptor: Int32
    private var reader = PDUReader(limits: PDULimits(dataLength: 1 << 20, associateLength: 1 << 23))
    private var values: [PresentationDataValue] = []

    convenience init(port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        self.init(connected: descriptor)
        guard result == 0 else { throw Failed() }
    }

    fileprivate init(connected descriptor: Int32) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Whether the other side may still have got it.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    @discardableResult
    func send(_ pdu: PDU) -> Bool { send(Array(pdu.encoded.readableBytesView)) }

    /// Nothing more will be sent.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// nil when the other side has closed the connection.
    func receive() throws -> PDU? {
        while true {
            if let pdu = try reader.next() { return pdu }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return nil }
            guard count > 0 else { throw Failed() }
            reader.append(Array(bytes.prefix(count)))
        }
    }

    func associate(
        _ contexts: [PresentationProposal], calling: String = "RAW", called: String = "LIGHTBOX"
    ) throws -> PDU? {
        send(
            .associateRequest(
                AssociateRequest(
                    calledTitle: called, callingTitle: calling, contexts: contexts,
                    user: UserInformation(maximumLength: 1 << 16))))
        return try receive()
    }

    /// An association for storing, with context 1.
    static func storing(port: Int, calling: String = "RAW") throws -> RawCaller {
        let caller = try RawCaller(port: port)
        let context = PresentationProposal(
            id: 1, abstractSyntax: secondaryCapture, transferSyntaxes: [explicitLittle])
        guard case .associateAccept = try caller.associate([context], calling: calling) else { throw Failed() }
        return caller
    }

    /// Sends a message in one write.
    func send(_ command: CommandSet, data: [UInt8]? = nil, on context: UInt8 = 1) {
        send(Self.message(command, data: data, on: context))
    }

    func sendCommand(_ bytes: [UInt8]) { send(Self.value(bytes, isCommand: true, on: 1)) }

    static func message(_ command: CommandSet, data: [UInt8]? = nil, on context: UInt8 = 1) -> [UInt8] {
        let values =
            [value(Array(command.encoded.readableBytesView), isCommand: true, on: context)]
            + (data.map { [value($0, isCommand: false, on: context)] } ?? [])
        return values.flatMap { Array($0.encoded.readableBytesView) }
    }

    private static func value(_ bytes: [UInt8], isCommand: Bool, on context: UInt8) -> PDU {
        .data([
            PresentationDataValue(
                contextID: context, isCommand: isCommand, isLast: true, bytes: ByteBuffer(bytes: bytes))
        ])
    }

    /// The command of the next message; every one here fits one PDU.
    func command() throws -> CommandSet? {
        guard case .data(let values)? = try receive(), let first = values.first, first.isCommand else {
            return nil
        }
        return try CommandSet(bytes: Array(first.bytes.readableBytesView))
    }

    /// The next message; nil when something else than data came, which is in `ending`.
    func message() throws -> (command: CommandSet, context: UInt8, data: [UInt8])? {
        guard let first = try nextValue() else { return nil }
        let command = try CommandSet(bytes: Array(first.bytes.readableBytesView))
        var data: [UInt8] = []
        var isAtEnd = !command.hasDataSet
        while !isAtEnd {
            guard let value = try nextValue() else { return nil }
            data += value.bytes.readableBytesView
            isAtEnd = value.isLast
        }
        return (command, first.contextID, data)
    }

    /// What came instead of a message.
    private(set) var ending: PDU?

    private func nextValue() throws -> PresentationDataValue? {
        while values.isEmpty {
            let pdu = try receive()
            guard case .data(let some)? = pdu else {
                ending = pdu
                return nil
            }
            values = some
        }
        return values.removeFirst()
    }

    /// Takes an association that the other side asks for.
    ///
    /// - Parameters:
    ///   - syntaxes: each proposal is accepted in the first of them that it names, or not at all.
    ///   - change: what the answer says besides.
    @discardableResult
    func answer(
        _ syntaxes: [String] = [explicitLittle, implicitLittle],
        _ change: (AssociateRequest, inout UserInformation) -> Void = { _, _ in }
    ) throws -> AssociateRequest {
        guard case .associateRequest(let request)? = try receive() else { throw Failed() }
        var user = UserInformation(maximumLength: 1 << 16)
        change(request, &user)
        let answers = request.contexts.map { proposal in
            let syntax = syntaxes.first(where: proposal.transferSyntaxes.contains)
            return PresentationAnswer(
                id: proposal.id, result: syntax == nil ? .transferSyntaxesNotSupported : .accepted,
                transferSyntax: syntax ?? implicitLittle)
        }
        send(
            .associateAccept(
                AssociateAccept(
                    calledTitle: request.calledTitle, callingTitle: request.callingTitle, contexts: answers,
                    user: user)))
        return request
    }

    /// Sends an instance and gives the answer.
    func store(_ dataSet: DataSet, as uid: String? = nil) throws -> CommandSet? {
        var command = CommandSet(.store, hasDataSet: true)
        command.messageID = 5
        command.affectedSOPClass = secondaryCapture
        command.affectedSOPInstance = uid ?? dataSet.string(.sopInstanceUID)
        command.priority = 0
        try send(command, data: dataSet.serialized(as: .explicitVRLittleEndian))
        return try self.command()
    }
}

/// A port on which a test answers itself.
final class RawListener: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                guard bind(descriptor, $0, length) == 0, listen(descriptor, 8) == 0,
                    getsockname(descriptor, $0, &length) == 0
                else { throw RawCaller.Failed() }
            }
            return Int(in_port_t(bigEndian: pointer.pointee.sin_port))
        }
    }

    deinit { close(descriptor) }

    /// Waits for somebody to call.
    func accept() -> RawCaller { RawCaller(connected: Foundation.accept(descriptor, nil, nil)) }

    func endpoint(_ name: String) -> DICOMEndpoint {
        DICOMEndpoint(title: title(name), host: "127.0.0.1", port: port)
    }
}

/// Runs `body` on a thread of its own; what is given back waits for its end.
func started<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) -> () throws -> Value {
    let result = ResultBox<Value>()
    Thread { result.set(Result { try body() }) }.start()
    return { try result.wait().get() }
}

private final class ResultBox<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ result: Result<Value, any Error>) {
        value.withLock { $0 = result }
        isThere.signal()
    }

    func wait() -> Result<Value, any Error> {
        isThere.wait()
        isThere.signal()
        return value.withLock { $0 } ?? .failure(RawCaller.Failed())
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
