import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import NIOCore
import Testing

@Suite("Hostile callers") struct HostileCallerTests {
    @Test("Connections that say nothing keep nobody waiting") func silence() throws {
        try Bench.run { bench in
            let silent = try (0..<20).map { _ in try RawCaller(port: bench.port) }
            silent[0].send([1, 0, 0])
            try bench.client.echo()
            #expect(silent.count == 20)
        }
    }

    @Test("An association that says nothing more keeps nobody waiting") func idle() throws {
        try Bench.run { bench in
            let idle = try (0..<4).map { _ in try RawCaller.storing(port: bench.port) }
            try bench.client.echo()
            #expect(try idle[3].store(instance("1.4.1"))?.status == .success)
        }
    }

    @Test(
        "A PDU of an absurd length ends the association",
        arguments: [[4, 0, 0xff, 0xff, 0xff, 0xff], [9, 0, 0, 0, 0, 4]])
    func absurdLength(head: [UInt8]) throws {
        try Bench.run { bench in
            let caller = try RawCaller.storing(port: bench.port)
            caller.send(head + [1, 2, 3, 4])
            guard case .abort(let reason)? = try caller.receive() else {
                Issue.record("The association was not aborted.")
                return
            }
            #expect(reason.source == 2)
            caller.endSending()
            #expect(try caller.receive() == nil)
            try bench.client.echo()
        }
    }

    @Test("What is no PDU ends the connection before an association") func noPDU() throws {
        try Bench.run { bench in
            let caller = try RawCaller(port: bench.port)
            caller.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            guard case .abort? = try caller.receive() else {
                Issue.record("The connection was not aborted.")
                return
            }
            try bench.client.echo()
        }
    }

    @Test("A message out of place ends the association") func outOfPlace() throws {
        try Bench.run { bench in
            let caller = try RawCaller.storing(port: bench.port)
            caller.send(
                .data([PresentationDataValue(contextID: 77, isCommand: true, isLast: true, bytes: .init())]))
            guard case .abort? = try caller.receive() else {
                Issue.record("The association was not aborted.")
                return
            }
        }
    }

    @Test("An answer to an association that a caller sends ends it at once, whatever is under way")
    func answersFromCaller() throws {
        let destination = try RawListener()
        try QueryTests.filled {
            $0.destinations = [destination.endpoint("OTHER")]
        } _: { bench in
            let caller = try RetrievalTests.moving(bench, to: "OTHER")
            // It is not answered, so that the move goes on.
            let other = destination.accept()
            caller.send(
                .associateAccept(
                    AssociateAccept(
                        calledTitle: "", callingTitle: "", contexts: [], user: UserInformation(maximumLength: 0))))
            guard case .abort? = try caller.receive() else {
                Issue.record("The association was not aborted.")
                return
            }
            other.endSending()
        }
    }

    @Test("More associations than are served are turned away, and come in once there is room") func tooMany()
        throws
    {
        try Bench.run {
            $0.limits.associations = 2
        } _: { bench in
            let first = try RawCaller.storing(port: bench.port)
            let second = try RawCaller.storing(port: bench.port)
            let third = try RawCaller(port: bench.port)
            let context = PresentationProposal(
                id: 1, abstractSyntax: secondaryCapture, transferSyntaxes: [explicitLittle])
            #expect(try third.associate([context]) == .associateReject(.localLimitExceeded))
            first.send(.releaseRequest)
            #expect(try first.receive() == .releaseReply)
            first.endSending()
            while bench.server.associationCount > 1 { usleep(1000) }
            #expect(try RawCaller.storing(port: bench.port).store(instance("1.4.1"))?.status == .success)
            #expect(try second.store(instance("1.4.2"))?.status == .success)
        }
    }

    @Test("An instance larger than allowed is refused, and the next one is taken") func tooLarge() throws {
        try Bench.run {
            $0.limits.instanceBytes = 100_000
        } _: { bench in
            let caller = try RawCaller.storing(port: bench.port)
            var large = instance("1.4.1")
            large[.pixelData] = .bytes(.pixelData, Array(repeating: 1, count: 110_000), vr: .OW)
            #expect(try caller.store(large)?.status == .outOfResources)
            #expect(try caller.store(instance("1.4.2"))?.status == .success)
        }
    }

    @Test("A command, or a data set, that never ends is ended; others are served meanwhile") func endless() throws
    {
        try Bench.run {
            $0.limits.instanceBytes = 1 << 20
        } _: { bench in
            let talker = try RawCaller.storing(port: bench.port)
            for _ in 0..<40 {
                talker.send(
                    .data([
                        PresentationDataValue(
                            contextID: 1, isCommand: true, isLast: false,
                            bytes: ByteBuffer(repeating: 0, count: 4096))
                    ]))
            }
            guard case .abort? = try talker.receive() else {
                Issue.record("The association was not aborted.")
                return
            }
            let sender = try RawCaller.storing(port: bench.port)
            var command = CommandSet(.store, hasDataSet: true)
            command.affectedSOPClass = secondaryCapture
            command.affectedSOPInstance = "1.4.1"
            sender.send(command)
            for index in 0..<200 {
                sender.send(
                    .data([
                        PresentationDataValue(
                            contextID: 1, isCommand: false, isLast: false,
                            bytes: ByteBuffer(repeating: 0, count: 1 << 14))
                    ]))
                if index.isMultiple(of: 50) { try bench.client.echo() }
            }
            let caller = try RawCaller.storing(port: bench.port)
            #expect(try caller.store(instance("1.4.2"))?.status == .success)
            sender.endSending()
            // No more than the limit was ever written, and nothing of it is kept.
            let incoming = bench.store.root + "/incoming"
            let waiting = try FileManager.default.subpathsOfDirectory(atPath: incoming).filter { $0.contains("/") }
            for name in waiting {
                let size =
                    (try? FileManager.default.attributesOfItem(atPath: incoming + "/" + name))?[.size] as? Int
                #expect(size ?? 0 <= 1 << 20)
            }
            #expect(try bench.store.counts().instances == 1)
        }
    }

    @Test("150 damaged requests leave the server standing") func damagedRequests() throws {
        try Bench.run { bench in
            var numbers = SeededNumbers(state: 99)
            for _ in 0..<150 {
                let caller = try RawCaller(port: bench.port)
                caller.send(PDUTests.damaged(&numbers))
                caller.endSending()
            }
            try bench.client.echo()
        }
    }

    @Test("150 damaged messages leave the server standing") func damagedMessages() throws {
        try Bench.run { bench in
            var numbers = SeededNumbers(state: 5)
            var command = CommandSet(.store, hasDataSet: true)
            command.affectedSOPClass = secondaryCapture
            let data = try instance("1.4.1").serialized(as: .explicitVRLittleEndian)
            for index in 0..<150 {
                command.affectedSOPInstance = "1.4.1"
                let caller = try RawCaller.storing(port: bench.port)
                if index & 1 == 0 {
                    caller.send(command, data: damage(data, &numbers))
                } else {
                    caller.sendCommand(damage(Array(command.encoded.readableBytesView), &numbers))
                }
                caller.endSending()
            }
            try bench.client.echo()
            #expect(try bench.store.counts().instances <= 1)
        }
    }
}
