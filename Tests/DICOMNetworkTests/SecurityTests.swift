import DICOM
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import TestSupport
import Testing

/// Certificates come from `Tests/Reference/network/make_certificates.sh`.
@Suite("TLS and who may call") struct SecurityTests {
    // MARK: TLS

    /// A server that shows a certificate and asks its callers for one of the same authority.
    static func serving(
        as name: String = "server", asksForCertificates: Bool = true, _ body: (Bench) throws -> Void
    ) throws {
        let security = try Self.security(certificate: name, trusting: "authority")
        try Bench.run {
            $0.security = security
            $0.security?.requiresPeerCertificate = asksForCertificates
        } _: {
            try body($0)
        }
    }

    static func security(certificate: String? = nil, trusting roots: String? = nil) throws -> DICOMSecurity {
        func text(_ file: String) throws -> String {
            try String(contentsOfFile: reference("network/\(file)"), encoding: .utf8)
        }
        return try DICOMSecurity(
            certificateChain: certificate.map { try text($0 + ".pem") },
            privateKey: certificate.map { try text($0 + ".key") },
            trustRoots: roots.map { try text($0 + ".pem") })
    }

    static func caller(
        of bench: Bench, host: String = "localhost", _ security: DICOMSecurity?
    ) -> DICOMClient {
        let peer = DICOMEndpoint(title: title("LIGHTBOX"), host: host, port: bench.port, security: security)
        var client = DICOMClient(title: title("CALLER"), peer: peer)
        client.timeouts.association = .seconds(20)
        return client
    }

    @Test("An instance is stored over TLS as it was sent, and found and fetched again") func roundTrip() throws {
        try Self.serving { bench in
            let client = Self.caller(of: bench, try Self.security(certificate: "caller", trusting: "authority"))
            let sent = instance("1.4.1")
            let report = try client.send(try write([sent], in: bench.folder))
            #expect(report.written == 1 && report.problems.isEmpty)
            let stored = try #require(try bench.store.instance("1.4.1"))
            let expected = try Self.bytes(sent)
            #expect(try Self.bytes(DICOMFile(path: stored.path).dataSet) == expected)

            var found: [String?] = []
            try client.find(.study, matching: DataSet([.text(.patientID, "P1")])) {
                found.append($0.string(.studyInstanceUID))
            }
            #expect(found == ["1.2.1"])
            let folder = bench.folder + "/got"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let result = try client.get(
                .study, matching: DataSet([.text(.studyInstanceUID, "1.2.1")]), into: .folder(folder))
            #expect(result.received.added == 1)
            #expect(try Self.bytes(DICOMFile(path: folder + "/1.4.1.dcm").dataSet) == expected)
        }
    }

    static func bytes(_ data: DataSet) throws -> [UInt8] { try data.serialized(as: .explicitVRLittleEndian) }

    @Test("A caller without a certificate that the server trusts is refused, and stores nothing")
    func callers() throws {
        try Self.serving { bench in
            let files = try write([instance("1.4.1")], in: bench.folder)
            for certificate in [nil, "stranger"] {
                let client = Self.caller(
                    of: bench, try Self.security(certificate: certificate, trusting: "authority"))
                #expect(throws: DICOMNetworkError.self, "\(certificate ?? "none")") { try client.echo() }
                #expect(throws: DICOMNetworkError.self, "\(certificate ?? "none")") { try client.send(files) }
            }
            #expect(try bench.store.counts().instances == 0)
            #expect(bench.server.associationCount == 0)
            // The server goes on for who may.
            try Self.caller(of: bench, try Self.security(certificate: "caller", trusting: "authority")).echo()
        }
        // What is asked of nobody, nobody has to show.
        try Self.serving(asksForCertificates: false) { bench in
            try Self.caller(of: bench, try Self.security(trusting: "authority")).echo()
        }
    }

    @Test("A server is not spoken to whose certificate nobody trusts, or that is made out for another host")
    func servers() throws {
        let mine = "caller"
        try Self.serving { bench in
            for host in ["localhost", "127.0.0.1"] {
                let trusting = try Self.security(certificate: mine, trusting: "authority")
                try Self.caller(of: bench, host: host, trusting).echo()
                for roots in [nil, "stranger"] {
                    let client = Self.caller(
                        of: bench, host: host, try Self.security(certificate: mine, trusting: roots))
                    #expect(throws: DICOMNetworkError.self, "\(roots ?? "system")") { try client.echo() }
                }
            }
        }
        try Self.serving(as: "elsewhere") { bench in
            for host in ["localhost", "127.0.0.1"] {
                var security = try Self.security(certificate: mine, trusting: "authority")
                #expect(throws: DICOMNetworkError.self, "\(host)") {
                    try Self.caller(of: bench, host: host, security).echo()
                }
                security.verifiesHostname = false
                try Self.caller(of: bench, host: host, security).echo()
                // Any name is not any certificate.
                security.trustRoots = try Self.security(trusting: "stranger").trustRoots
                #expect(throws: DICOMNetworkError.self, "\(host)") {
                    try Self.caller(of: bench, host: host, security).echo()
                }
            }
        }
    }

    @Test("Nobody speaks without TLS where it is on, nor with it where it is off") func plain() throws {
        try Self.serving { bench in
            #expect(throws: DICOMNetworkError.self) { try Self.caller(of: bench, nil).echo() }
            let context = PresentationProposal(
                id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: [implicitLittle])
            // An alert comes back, which is no PDU.
            let answer = try? RawCaller(port: bench.port).associate([context])
            #expect(answer == nil)
        }
        try Bench.run { bench in
            let client = Self.caller(of: bench, try Self.security(certificate: "caller", trusting: "authority"))
            #expect(throws: DICOMNetworkError.self) { try client.echo() }
            try bench.client.echo()
        }
    }

    @Test("A server does not start with half a certificate, or one that is none") func unusable() throws {
        let good = try Self.security(certificate: "server")
        let foreign = try Self.security(certificate: "caller")
        for security in [
            DICOMSecurity(), DICOMSecurity(certificateChain: good.certificateChain),
            DICOMSecurity(privateKey: good.privateKey),
            DICOMSecurity(certificateChain: "no PEM", privateKey: good.privateKey),
            DICOMSecurity(certificateChain: good.certificateChain, privateKey: foreign.privateKey),
        ] {
            let error = #expect(throws: DICOMNetworkError.self) {
                try Bench.run {
                    $0.security = security
                } _: { _ in
                }
            }
            #expect(error?.code == .secureConnectionFailed)
        }
    }

    // MARK: Peer rules

    /// All calls come from 127.0.0.1.
    static let ranges: [(range: String, covers: Bool)] = [
        ("127.0.0.1", true), ("127.0.0.1/32", true), ("127.0.0.0/8", true), ("126.0.0.0/7", true),
        ("0.0.0.0/0", true), ("::ffff:127.0.0.1", true), ("127.0.0.2", false), ("127.0.0.0/32", false),
        ("127.0.0.2/31", false), ("128.0.0.0/1", false), ("10.0.0.0/8", false), ("::1", false), ("::/0", false),
    ]

    @Test("A rule covers the addresses that begin with its bits", arguments: ranges)
    func addresses(row: (range: String, covers: Bool)) throws {
        let range = try #require(NetworkRange(row.range))
        #expect(range.description == row.range)
        let expected: PresentationAnswer.Result? = row.covers ? .accepted : nil
        try Bench.run {
            $0.peers = [PeerRule(addresses: [range])]
        } _: { bench in
            let answer = try Self.answer(bench, "ANYBODY")
            #expect(answer == expected)
        }
        // One of several is enough.
        let other = try #require(NetworkRange("192.0.2.0/24"))
        try Bench.run {
            $0.peers = [PeerRule(addresses: [other, range])]
        } _: { bench in
            let answer = try Self.answer(bench, "ANYBODY")
            #expect(answer == expected)
        }
    }

    @Test(
        "What is no address, or has more bits than one, is no range",
        arguments: [
            "", "localhost", "127.0.0", "127.0.0.1/", "127.0.0.1/33", "127.0.0.1/-1", "127.0.0.1/8/8", "/8",
            "::1/129",
            "fd00::/8x",
        ])
    func notRanges(text: String) { #expect(NetworkRange(text) == nil) }

    @Test("Title and address have to fit, the first rule that does says what may be asked, and nobody else calls")
    func rules() throws {
        let (near, far) = try (#require(NetworkRange("127.0.0.0/8")), #require(NetworkRange("192.0.2.0/24")))
        try Bench.run {
            $0.peers = [
                PeerRule(title: title("SCANNER"), addresses: [near], services: [.store, .echo]),
                PeerRule(title: title("SCANNER"), services: Set(DICOMService.allCases)),
                PeerRule(title: title("READER"), addresses: [far]),
                PeerRule(title: title("READER"), addresses: [near], services: [.find, .get]),
                PeerRule(title: title("FAR"), addresses: [far]),
            ]
        } _: { bench in
            let find = NegotiationTests.find
            let table: [(caller: String, service: String, result: PresentationAnswer.Result?)] = [
                ("SCANNER", secondaryCapture, .accepted), ("SCANNER", find, .userRejected),
                ("READER", find, .accepted), ("READER", "1.2.840.10008.1.1", .userRejected),
                // Storage contexts carry what C-GET brings.
                ("READER", secondaryCapture, .accepted),
                ("FAR", find, nil), ("scanner", find, nil), ("SCANNER2", find, nil), ("STRANGER", find, nil),
            ]
            for row in table {
                let answer = try Self.answer(bench, row.caller, row.service)
                #expect(answer == row.result, "\(row.caller) \(row.service)")
            }
            // Who may fetch may not store: the negotiated context is for the other direction.
            let reader = try RawCaller.storing(port: bench.port, calling: "READER")
            #expect(try reader.store(instance("1.4.1"))?.status == .notAuthorized)
            let scanner = try RawCaller.storing(port: bench.port, calling: "SCANNER")
            #expect(try scanner.store(instance("1.4.2"))?.status == .success)
            #expect(try bench.store.counts().instances == 1)
        }
    }

    /// What becomes of one proposal; nil when the association is refused because of the caller.
    static func answer(
        _ bench: Bench, _ calling: String, _ service: String = "1.2.840.10008.1.1"
    ) throws -> PresentationAnswer.Result? {
        let context = PresentationProposal(
            id: 1, abstractSyntax: service, transferSyntaxes: [explicitLittle])
        switch try RawCaller(port: bench.port).associate([context], calling: calling) {
        case .associateAccept(let accept)?: return accept.contexts.first?.result
        case let other:
            #expect(other == .associateReject(.callingTitleNotRecognized))
            return nil
        }
    }
}
