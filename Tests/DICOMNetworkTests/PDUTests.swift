import DICOMNetwork
import NIOCore
import Testing

@Suite("PDU") struct PDUTests {
    static let samples: [PDU] = {
        var user = UserInformation(maximumLength: 16384)
        user.window = .init(invoked: 8, performed: 1)
        user.roles = [.init(sopClass: secondaryCapture, isUser: false, isProvider: true)]
        user.extended = [.init(sopClass: secondaryCapture, information: [2, 0, 1])]
        let request = AssociateRequest(
            calledTitle: "ARCHIVE", callingTitle: "SIXTEEN LETTERS.",
            contexts: [
                .init(id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: [implicitLittle]),
                .init(
                    id: 3, abstractSyntax: secondaryCapture, transferSyntaxes: [explicitLittle, implicitLittle]),
                .init(id: 255, abstractSyntax: "1.2.3", transferSyntaxes: []),
            ], user: user)
        let accept = AssociateAccept(
            calledTitle: "ARCHIVE", callingTitle: "CALLER",
            contexts: [
                .init(id: 1, result: .accepted, transferSyntax: implicitLittle),
                .init(id: 3, result: .transferSyntaxesNotSupported, transferSyntax: explicitLittle),
            ], user: user)
        return [
            .associateRequest(request), .associateAccept(accept),
            .associateReject(.init(isPermanent: false, source: 3, reason: 2)),
            .data([
                .init(contextID: 1, isCommand: true, isLast: true, bytes: ByteBuffer(bytes: [1, 2, 3, 4])),
                .init(contextID: 1, isCommand: false, isLast: false, bytes: ByteBuffer()),
            ]),
            .releaseRequest, .releaseReply, .abort(.init(source: 2, reason: 6)),
        ]
    }()

    static func bytes(_ pdu: PDU) -> [UInt8] { Array(pdu.encoded.readableBytesView) }

    @Test("Is read as it was written", arguments: samples.indices) func roundTrip(index: Int) throws {
        var reader = PDUReader()
        reader.append(Self.bytes(Self.samples[index]))
        #expect(try reader.next() == Self.samples[index])
        #expect(try reader.next() == nil)
    }

    @Test("Arrives in any pieces", arguments: [1, 2, 5, 7, 64, 1000]) func pieces(size: Int) throws {
        let stream = Self.samples.flatMap(Self.bytes)
        var reader = PDUReader()
        var found: [PDU] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            reader.append(Array(stream[start..<min(start + size, stream.count)]))
            while let pdu = try reader.next() { found.append(pdu) }
        }
        #expect(found == Self.samples)
    }

    @Test("Every byte of a release request stands where PS3.8 table 9-24 says") func layout() {
        #expect(Self.bytes(.releaseRequest) == [5, 0, 0, 0, 0, 4, 0, 0, 0, 0])
        #expect(Self.bytes(.abort(.init(source: 2, reason: 1))) == [7, 0, 0, 0, 0, 4, 0, 0, 2, 1])
        let value = PresentationDataValue(
            contextID: 3, isCommand: true, isLast: true, bytes: ByteBuffer(bytes: [9]))
        #expect(Self.bytes(.data([value])) == [4, 0, 0, 0, 0, 7, 0, 0, 0, 3, 3, 3, 9])
    }

    @Test(
        "Is refused by its head when it is none or too long",
        arguments: [
            [0x47, 0x45, 0x54, 0x20, 0x2f, 0x20], [0, 0, 0, 0, 0, 0], [4, 0, 0xff, 0xff, 0xff, 0xff],
            [1, 0, 0x7f, 0xff, 0xff, 0xff], [5, 0, 0, 1, 0, 0],
        ] as [[UInt8]])
    func refused(head: [UInt8]) {
        var reader = PDUReader()
        reader.append(head)
        #expect(throws: PDUError.self) { try reader.next() }
    }

    @Test("More services than there are numbers for are refused") func manyContexts() {
        let contexts = (0..<129).map {
            PresentationProposal(
                id: UInt8($0 & 0x7f) * 2 + 1, abstractSyntax: "1.2", transferSyntaxes: ["1.3"])
        }
        let request = AssociateRequest(
            calledTitle: "A", callingTitle: "B", contexts: contexts, user: UserInformation(maximumLength: 0))
        var reader = PDUReader()
        reader.append(Self.bytes(.associateRequest(request)))
        #expect(throws: PDUError.self) { try reader.next() }
    }

    @Test("2000 damaged streams are read or refused") func mutations() {
        var numbers = SeededNumbers(state: 2026)
        var refused = 0
        for _ in 0..<2000 {
            var reader = PDUReader()
            reader.append(Self.damaged(&numbers))
            do {
                while try reader.next() != nil {}
            } catch {
                refused += 1
            }
        }
        #expect(refused > 200)
    }

    @Test("2000 damaged commands are read or refused") func commands() throws {
        var numbers = SeededNumbers(state: 7)
        var command = CommandSet(.store, hasDataSet: true)
        command.affectedSOPClass = secondaryCapture
        command.affectedSOPInstance = "1.2.3"
        command.moveOriginator = "CALLER"
        let whole = Array(command.encoded.readableBytesView)
        var read = 0
        for _ in 0..<2000 {
            if let found = try? CommandSet(bytes: damage(whole, &numbers)) {
                _ = found.answer(.success).encoded
                _ = (found.affectedSOPClass, found.affectedSOPInstance, found.subOperations, found.hasDataSet)
                read += 1
            }
        }
        #expect(read > 100)
        #expect(try CommandSet(bytes: whole) == command)
    }

    static func damaged(_ numbers: inout SeededNumbers) -> [UInt8] {
        damage(bytes(samples[Int.random(in: 0..<samples.count, using: &numbers)]), &numbers)
    }
}

/// Some bytes changed, some left out, some put in.
func damage(_ bytes: [UInt8], _ numbers: inout SeededNumbers) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &numbers) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &numbers)
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &numbers)))
        default: bytes.insert(contentsOf: [0, 0xff, 0xff], at: place)
        }
    }
    return bytes
}
