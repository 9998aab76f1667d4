import DICOM
import DICOMNetwork
import LightboxCore
import Testing

@Suite("Negotiation") struct NegotiationTests {
    typealias Result = PresentationAnswer.Result

    static let find = "1.2.840.10008.5.1.4.1.2.2.1"
    static let jpeg = "1.2.840.10008.1.2.4.50"
    static let big = TransferSyntax.explicitVRBigEndian.uid

    /// A proposal and its answer; the encoding counts where it is accepted.
    static let table: [(service: String, syntaxes: [String], result: Result, syntax: String)] = [
        ("1.2.840.10008.1.1", [implicitLittle], .accepted, implicitLittle),
        ("1.2.840.10008.1.1", [explicitLittle, implicitLittle], .accepted, explicitLittle),
        (secondaryCapture, [jpeg, explicitLittle], .accepted, jpeg),
        (secondaryCapture, [big, implicitLittle], .accepted, implicitLittle),
        (secondaryCapture, [big], .accepted, big),
        (secondaryCapture, ["1.2.3.4"], .transferSyntaxesNotSupported, ""),
        // Pixels that a server elsewhere would send (JPIP), and video that comes along.
        (secondaryCapture, ["1.2.840.10008.1.2.4.94"], .transferSyntaxesNotSupported, ""),
        (secondaryCapture, ["1.2.840.10008.1.2.4.204"], .transferSyntaxesNotSupported, ""),
        (secondaryCapture, ["1.2.840.10008.1.2.4.102"], .accepted, "1.2.840.10008.1.2.4.102"),
        (secondaryCapture, ["1.2.840.10008.1.2.4.203"], .accepted, "1.2.840.10008.1.2.4.203"),
        (secondaryCapture, [], .transferSyntaxesNotSupported, ""),
        ("1.3.6.1.4.1.1.2.3", [implicitLittle], .accepted, implicitLittle),  // a manufacturer's own
        (find, [jpeg, implicitLittle], .accepted, implicitLittle),
        (find, [jpeg], .transferSyntaxesNotSupported, ""),
        ("1.2.840.10008.5.1.4.31", [implicitLittle], .abstractSyntaxNotSupported, ""),
        ("not a UID", [implicitLittle], .abstractSyntaxNotSupported, ""),
        ("", [implicitLittle], .abstractSyntaxNotSupported, ""),
    ]

    @Test("Each proposal gets its own answer") func table() throws {
        try Bench.run { bench in
            let contexts = Self.table.enumerated().map { index, row in
                PresentationProposal(
                    id: UInt8(2 * index + 1), abstractSyntax: row.service, transferSyntaxes: row.syntaxes)
            }
            guard case .associateAccept(let accept)? = try RawCaller(port: bench.port).associate(contexts) else {
                Issue.record("The association was not accepted.")
                return
            }
            #expect(accept.calledTitle == "LIGHTBOX" && accept.callingTitle == "RAW")
            #expect(accept.contexts.map(\.id) == contexts.map(\.id))
            for (answer, row) in zip(accept.contexts, Self.table) {
                #expect(answer.result == row.result, "\(row.service) \(row.syntaxes)")
                if row.result == .accepted { #expect(answer.transferSyntax == row.syntax, "\(row.service)") }
            }
        }
    }

    @Test("Even and repeated numbers are not accepted") func numbers() throws {
        try Bench.run { bench in
            let contexts = [UInt8(1), 1, 2, 3].map {
                PresentationProposal(
                    id: $0, abstractSyntax: secondaryCapture, transferSyntaxes: [implicitLittle])
            }
            guard case .associateAccept(let accept)? = try RawCaller(port: bench.port).associate(contexts) else {
                Issue.record("The association was not accepted.")
                return
            }
            #expect(accept.contexts.map(\.result) == [.accepted, .noReason, .noReason, .accepted])
        }
    }

    @Test("Who may not call is told why") func refusals() throws {
        try Bench.run {
            $0.answersToAnyTitle = false
            $0.peers = [
                PeerRule(title: title("FRIEND"), services: [.echo]),
                PeerRule(title: title("FAR"), addresses: [NetworkRange("10.0.0.0/8")].compactMap { $0 }),
            ]
        } _: { bench in
            func answer(_ calling: String, _ service: String, called: String = "LIGHTBOX") throws -> PDU? {
                try RawCaller(port: bench.port).associate(
                    [.init(id: 1, abstractSyntax: service, transferSyntaxes: [implicitLittle])], calling: calling,
                    called: called)
            }
            let echo = "1.2.840.10008.1.1"
            #expect(try answer("FRIEND", echo, called: "OTHER") == .associateReject(.calledTitleNotRecognized))
            for stranger in ["STRANGER", "FAR", "", "BACK\\SLASH"] {
                #expect(try answer(stranger, echo) == .associateReject(.callingTitleNotRecognized))
            }
            for (service, result) in [(echo, Result.accepted), (secondaryCapture, .userRejected)] {
                guard case .associateAccept(let accept)? = try answer("FRIEND", service) else {
                    Issue.record("The association was not accepted.")
                    continue
                }
                #expect(accept.contexts.map(\.result) == [result])
            }
        }
    }

    @Test("Nobody gets a role that was not proposed") func roles() throws {
        let storage = "1.2.840.10008.5.1.4.1.1.7"
        let proposed: [UserInformation.Role] = [
            .init(sopClass: Self.find, isUser: false, isProvider: true),
            .init(sopClass: storage, isUser: false, isProvider: true),
        ]
        try Bench.run { bench in
            var user = UserInformation(maximumLength: 1 << 16)
            user.roles = proposed
            let caller = try RawCaller(port: bench.port)
            let contexts = [Self.find, storage].enumerated().map {
                PresentationProposal(
                    id: UInt8(2 * $0 + 1), abstractSyntax: $1, transferSyntaxes: [implicitLittle])
            }
            caller.send(
                .associateRequest(
                    AssociateRequest(calledTitle: "LIGHTBOX", callingTitle: "RAW", contexts: contexts, user: user))
            )
            guard case .associateAccept(let accept)? = try caller.receive() else {
                Issue.record("The association was not accepted.")
                return
            }
            #expect(
                accept.user.roles == [
                    .init(sopClass: Self.find, isUser: false, isProvider: false),
                    .init(sopClass: storage, isUser: false, isProvider: true),
                ])
        }
    }

    @Test("An answer about roles that were not asked about changes none") func rolesUnasked() throws {
        try Bench.run { bench in
            let listener = try RawListener()
            let stored = started {
                let caller = listener.accept()
                try caller.answer { _, user in
                    user.roles = [.init(sopClass: secondaryCapture, isUser: false, isProvider: true)]
                }
                guard let store = try caller.message() else { return false }
                caller.send(store.command.answer(.success), on: store.context)
                if case .releaseRequest? = try caller.receive() { caller.send(.releaseReply) }
                return true
            }
            let client = DICOMClient(title: title("CALLER"), peer: listener.endpoint("OTHER"))
            let report = try client.send(write([instance("1.4.1")], in: bench.folder))
            #expect(report.written == 1)
            #expect(try stored())
        }
    }

    @Test("An answer never outgrows its fields, whatever was asked") func manyExtensions() throws {
        try Bench.run { bench in
            var user = UserInformation(
                maximumLength: 0, implementationClassUID: "1", implementationVersionName: nil)
            user.extended = Array(repeating: .init(sopClass: "1", information: []), count: 9300)
            let request = AssociateRequest(
                calledTitle: "LIGHTBOX", callingTitle: "RAW",
                contexts: [.init(id: 1, abstractSyntax: "1", transferSyntaxes: [implicitLittle])], user: user)
            let caller = try RawCaller(port: bench.port)
            caller.send(.associateRequest(request))
            guard case .associateAccept(let accept)? = try caller.receive() else {
                Issue.record("The association was not accepted.")
                return
            }
            #expect(accept.user.extended.count == 1)
        }
    }
}
