import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import TestSupport
import Testing

/// C-MOVE to destinations that do not do what they should, and C-STORE in other encodings than the file's.
@Suite("Retrievals that go wrong") struct RetrievalTests {
    /// A caller that has asked for all of study 1.2.0 and 1.2.1.
    static func moving(_ bench: Bench, to destination: String) throws -> RawCaller {
        let move = "1.2.840.10008.5.1.4.1.2.2.2"
        let caller = try RawCaller(port: bench.port)
        _ = try caller.associate([.init(id: 1, abstractSyntax: move, transferSyntaxes: [explicitLittle])])
        var command = CommandSet(.move, hasDataSet: true)
        command.messageID = 4
        command.affectedSOPClass = move
        command.moveDestination = destination
        let keys = DataSet([
            .text(Tag(0x0008, 0x0052), "STUDY", vr: .CS), .text(.studyInstanceUID, "1.2.0", "1.2.1"),
        ])
        try caller.send(command, data: keys.serialized(as: .explicitVRLittleEndian))
        return caller
    }

    @Test("A C-MOVE ends when its caller hangs up, though its destination takes its time") func hangUp() throws {
        let listener = try RawListener()
        let hasFirst = DispatchSemaphore(value: 0)
        let ending = started {
            let other = listener.accept()
            try other.answer()
            guard let first = try other.message() else { throw RawCaller.Failed() }
            #expect(first.command.operation == .store)
            hasFirst.signal()
            // No answer: the next word is the server's.
            #expect(try other.message() == nil)
            return other.ending
        }
        try QueryTests.filled {
            $0.destinations = [listener.endpoint("OTHER")]
        } _: { bench in
            let caller = try Self.moving(bench, to: "OTHER")
            hasFirst.wait()
            caller.endSending()
            guard case .abort? = try ending() else {
                Issue.record("The move went on.")
                return
            }
        }
    }

    @Test("What a destination has acknowledged counts, though it breaks off before the rest") func breaksOff()
        throws
    {
        let listener = try RawListener()
        let taken = started {
            let other = listener.accept()
            try other.answer { _, user in user.window = .init(invoked: 16, performed: 1) }
            // All are under way at once.
            let messages = try (0..<8).map { _ in try other.message() }
            for message in messages.prefix(3) {
                guard let message else { throw RawCaller.Failed() }
                other.send(message.command.answer(.success), on: message.context)
            }
            return messages.prefix(3).compactMap { $0?.command.affectedSOPInstance }
        }
        try QueryTests.filled {
            $0.destinations = [listener.endpoint("OTHER")]
        } _: { bench in
            let keys = DataSet([.text(.studyInstanceUID, "1.2.0", "1.2.1")])
            let result = try bench.client.move(.study, matching: keys, to: title("OTHER"))
            #expect(result.status == .subOperationsFailed)
            #expect(result.counts.completed == 3 && result.counts.failed == 5)
            let left = try Set((0..<8).map { "1.4.\($0)" }).subtracting(taken())
            #expect(left.count == 5 && Set(result.failed) == left)
        }
    }

    /// What arrives when a file goes to somebody who takes Explicit VR Little Endian alone.
    private static func sent(_ file: DICOMFile) throws -> (report: StageReport, dataSet: DataSet?) {
        let listener = try RawListener()
        let arrived = started { () throws -> [UInt8]? in
            let other = listener.accept()
            try other.answer([explicitLittle])
            let store = try other.message()
            if let store {
                other.send(store.command.answer(.success), on: store.context)
                _ = try other.message()
            }
            if other.ending == .releaseRequest { other.send(.releaseReply) }
            return store?.data
        }
        return try withTemporaryFolder { folder in
            try file.write(to: folder + "/f.dcm")
            let client = DICOMClient(title: title("CALLER"), peer: listener.endpoint("OTHER"))
            let report = try client.send([folder + "/f.dcm"])
            let data = try arrived().map { try DataSet(bytes: Bytes($0), as: .explicitVRLittleEndian) }
            return (report, data)
        }
    }

    /// An instance of 4 × 4 pixels and two frames, each deflated.
    private static func deflated(_ frames: [[UInt8]], bits: Int) throws -> DICOMFile {
        var data = instance("1.4.1")
        for (tag, value) in [(Tag.bitsAllocated, bits), (.bitsStored, bits), (.highBit, bits - 1)] {
            data[tag] = .int(tag, value)
        }
        data[.numberOfFrames] = .text(.numberOfFrames, "\(frames.count)")
        let fragments = frames.map { frame in
            let packed = frame.withUnsafeBytes { Deflater.deflate($0, format: .raw) }
            return Bytes(packed + (packed.count & 1 == 1 ? [0] : []))
        }
        data[.pixelData] = Element(.pixelData, .OB, .fragments(offsetTable: .empty, fragments))
        return DICOMFile(dataSet: data, transferSyntax: .deflatedImageFrame)
    }

    @Test("Who does not take a file's encoding gets its pixels decoded") func decoded() throws {
        let frames = (0..<2).map { frame in (0..<16).map { UInt8(16 * frame + $0) } }
        let (report, data) = try Self.sent(Self.deflated(frames, bits: 8))
        #expect(report.written == 1 && report.problems.isEmpty)
        #expect(data?.bytes(.pixelData)?.array == frames.flatMap { $0 })
        #expect(data?.string(.patientName) == "Doe^Jane")
    }

    @Test("Compressed single bits, which nothing here writes uncompressed, are not sent as something else")
    func singleBits() throws {
        let (report, data) = try Self.sent(Self.deflated([[0xa5, 0x0f], [0xff, 0]], bits: 1))
        #expect(report.written == 0 && report.problems.count == 1)
        #expect(data == nil)
    }

    @Test("A frame that cannot be decoded keeps its instance back, and the association") func brokenFrame() throws
    {
        let whole = [UInt8](repeating: 7, count: 16)
        let (report, data) = try Self.sent(Self.deflated([whole, Array(repeating: 9, count: 400)], bits: 8))
        #expect(report.written == 0 && report.problems.count == 1 && data == nil)
    }
}
