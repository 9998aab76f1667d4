import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Server
import Testing
import WireFormats

/// The wounds of other archives, over the whole server.
@Suite("DICOMweb against hostile callers") struct HostileDICOMwebTests {
    static let root = "/dicomweb/d/s"
    static let google = "/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb"
    static let instance = "/studies/1.2.1/series/1.3.1/instances/1.4.1"

    // MARK: Paths

    static let paths: [(path: String, status: Int)] = [
        ("/studies/../../../../etc/passwd", 400), ("/studies/%2e%2e", 400),
        ("/studies/%2E%2E/%2E%2E/secret.txt", 400),
        ("/studies/%2e%2e%2f%2e%2e%2fsecret.txt", 400), ("/studies/..%2fstudies", 400),
        ("/studies/%2fetc%2fpasswd", 400),
        ("/studies//etc/passwd", 400), ("/studies/1.2.1/series/../../../secret.txt", 400),
        ("/studies/1.2.1/series/1.3.1/instances/%2Fetc%2Fpasswd", 400),
        ("/studies/1.2.1/series/1.3.1/instances/..%5c..%5csecret.txt", 400), (instance + "/frames/../../x", 404),
        (instance + "/frames/%2e%2e", 400), (instance + "/bulkdata/../../../secret.txt", 404),
        (instance + "/bulkdata/%2e%2e%2fsecret.txt", 404), ("/../../secret.txt", 404),
        ("/%2e%2e/%2e%2e/secret.txt", 404),
        ("/studies/1.2.1#fragment", 400), ("/studies/1.2.1%23fragment", 400), ("/studies/1.2.1#/../..", 400),
        ("/studies/1.2.1%00", 400), ("/studies/%00", 400), ("/studies/1.2.1%0d%0aX-Injected:%20yes", 400),
        ("/studies/%zz", 400), ("/studies/%", 400), ("/studies/%ff%fe", 400), ("/studies/*", 400),
        ("/studies/" + String(repeating: "1", count: 65), 400),
        ("/studies/" + String(repeating: "1.", count: 20_000), 400),
        ("/" + String(repeating: "studies/1.2.1/", count: 5000), 404),
    ]

    @Test("No path leads out of the store, in either flavour", arguments: [root, google])
    func climbing(root: String) async throws {
        try await withStore { server, store in
            for (path, status) in Self.paths {
                let place = path.prefix(80)
                let answer = try await server.get(root + path)
                #expect(answer.status == status, "\(place)")
                #expect(!answer.text.contains("secret, and nobody's business"), "\(place)")
                #expect(answer.headers["x-injected"] == nil, "\(place)")
                let refused = try await server.ask("DELETE", root + path)
                #expect((400...405).contains(refused.status), "\(place)")
                let other = try await server.send(
                    "POST", root + path, multipart([HostileInstances.plain("1.4.9")]), headers: Self.stow)
                #expect((400...405).contains(other.status), "\(place)")
            }
            #expect(try store.counts().instances == 1)
            #expect(try await store.verify().isWhole)
            #expect(try String(contentsOfFile: server.folder + "/home/secret.txt", encoding: .utf8) == Self.secret)
        }
    }

    @Test(
        "Names of stores are names, not paths",
        arguments: [
            "../s", "%2e%2e/s", "d/..", "d/%2e%2e", "d%2f..%2fd/s", "d/s%2f..%2fs", "d/%00", "d/s%00", "d/s%23",
            "d/.",
            "%2fetc/passwd",
        ])
    func storeNames(name: String) async throws {
        try await withStore { server, store in
            let parts = name.split(separator: "/")
            for place in [
                "/dicomweb/\(name)",
                "/v1/projects/p/locations/l/datasets/\(parts[0])/dicomStores/\(parts[1])/dicomWeb",
            ] {
                #expect([400, 404].contains(try await server.get(place + "/studies").status), "\(place)")
                let deletion = try await server.ask("DELETE", place + "/studies/1.2.1")
                #expect([400, 404].contains(deletion.status), "\(place)")
            }
            #expect(try store.counts().instances == 1)
        }
    }

    @Test("What no library sends is refused or dropped, and the server stays")
    func rawPaths() async throws {
        try await withStore { server, _ in
            try await server.running { port in
                let targets = [
                    "\(Self.root)/studies/\0", "\(Self.root)/studies/../../../..", "\(Self.root)/studies/1.2.1#x",
                    "\(Self.root)/studies/\u{7f}\u{1}", "\(Self.root)/studies/1 2", "../../secret.txt",
                    "//../secret.txt", "http://elsewhere/\(Self.root)/../secret.txt", "*",
                    "\(Self.root)/studies/" + String(repeating: "1", count: 1 << 20),
                ]
                for target in targets {
                    let answer = try await RawConnection.exchange(
                        port: port, "GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    let place = target.prefix(60).debugDescription
                    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(place)")
                    #expect(!answer.contains(Self.secret))
                }
                #expect(try await Self.isServed(port))
            }
        }
    }

    // MARK: Bodies

    @Test("A body in chunks of one byte is stored byte for byte", arguments: [("1.4.2", 64), ("1.4.3", 300_000)])
    func tinyChunks(uid: String, pixels: Int) async throws {
        try await withStore { server, store in
            try await server.running { port in
                let file = try HostileInstances.plain(uid, pixels: pixels)
                let head = """
                    POST \(Self.root)/studies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                    Content-Type: \(Self.stow["Content-Type"]!)\r\nTransfer-Encoding: chunked\r\n\r\n
                    """
                let chunks = multipart([file]).map { Array("1\r\n".utf8) + [$0, 13, 10] }
                // The small one in as many packets as it has bytes.
                let packets = pixels > 1000 ? [Array(chunks.joined())] : chunks
                let answer = try await RawConnection.exchange(
                    port: port, [Array(head.utf8)] + packets + [Array("0\r\n\r\n".utf8)])
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                let stored = try #require(try store.instance(uid))
                #expect(try Array(Data(contentsOf: URL(fileURLWithPath: stored.path))) == file)
            }
        }
    }

    @Test("Callers that never end what they say keep nobody waiting") func slowCallers() async throws {
        try await withStore { server, store in
            try await server.running { port in
                let head = "POST \(Self.root)/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                let begun = head + Self.stow["Content-Type"]! + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n--b0\r"
                let slow = try (0..<60).map { index in
                    let connection = try RawConnection(port: port)
                    connection.send(Array([head, begun, "GET /dicomweb/d/s/stu", ""][index % 4].utf8))
                    return connection
                }
                for index in 0..<20 {
                    #expect(try await Self.isServed(port))
                    let stored = try await server.send(
                        "POST", Self.root + "/studies", multipart([HostileInstances.plain("1.5.\(index)")]),
                        headers: Self.stow)
                    #expect(stored.status == 200)
                }
                #expect(slow.count == 60)
            }
            #expect(try store.counts().instances == 21)
            #expect(try await store.verify().isWhole)
        }
    }

    static let refused: [(path: String, headers: String, status: Int)] = [
        ("/dicomweb/d/none/studies", "Host: localhost", 404), ("/dicomweb/none/s/studies", "Host: localhost", 404),
        ("/nothing", "Host: localhost", 404), (root + "/studies", "Host: elsewhere", 403),
        (root + "/studies", "Host: localhost\r\nOrigin: http://elsewhere", 403),
        (root + "/studies", "Host: localhost\r\nX-Server-Timeout: never", 400),
    ]

    @Test("A body that is refused is not read: the connection ends", arguments: refused)
    func refusedBodies(path: String, headers: String, status: Int) async throws {
        try await withStore { server, _ in
            try await server.running { port in
                let answer = try await RawConnection.exchange(
                    port: port,
                    "POST \(path) HTTP/1.1\r\n\(headers)\r\nContent-Type: \(Self.stow["Content-Type"]!)\r\n"
                        + "Content-Length: 1099511627776\r\n\r\n--b0\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer.prefix(200))")
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
                #expect(try await Self.isServed(port))
            }
        }
    }

    @Test("A search too long for an address comes as POST, in either flavour", arguments: [root, google])
    func longSearch(root: String) async throws {
        try await withStore { server, _ in
            for (patient, count) in [("P1", 1), ("P2", 0)] {
                let answer = try await server.ask(
                    "POST", root + "/studies?limit=5", "PatientID=\(patient)&alt=json",
                    headers: [
                        "X-HTTP-Method-Override": "GET", "Accept": "application/dicom+json",
                        "Content-Type": "application/x-www-form-urlencoded",
                    ])
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json.elements?.count == count)
            }
        }
    }

    // MARK: Instances

    @Test("A deflated data set that unpacks to more than is read is refused") func bombs() async throws {
        let bomb = try HostileInstances.bomb("1.4.2")
        #expect(bomb.count < 6 << 20)
        #expect(throws: DICOMError.self) { try DICOMFile(bytes: Bytes(bomb)) }
        // It is the size that is refused.
        let limits = ReadLimits(maxInflatedBytes: 1 << 30)
        let whole = try DICOMFile(
            bytes: Bytes(bomb), options: ReadOptions(stopsBeforePixelData: true, limits: limits))
        #expect(whole.dataSet.string(.sopInstanceUID) == "1.4.2")
        try await withStore { server, store in
            let refused = try await server.send(
                "POST", Self.root + "/studies", multipart([bomb]), headers: Self.stow)
            #expect(refused.status == 409, "\(refused.text)")
            #expect(try store.counts().instances == 1)
            #expect(try await store.verify().isWhole)
        }
    }

    @Test(
        "65,535 × 65,535 pixels that are not there are described and never drawn",
        arguments: [TransferSyntax.explicitVRLittleEndian, .rleLossless, .jpegBaseline8Bit, .jpegLosslessSV1])
    func vast(syntax: TransferSyntax) async throws {
        try await withStore { server, store in
            let file = try HostileInstances.vast("1.4.2", as: syntax)
            let stored = try await server.send(
                "POST", Self.root + "/studies", multipart([file]), headers: Self.stow)
            #expect(stored.status == 200, "\(stored.text)")
            let place = Self.root + "/studies/1.2.1/series/1.3.1/instances/1.4.2"
            #expect(try await server.get(place + "/metadata").status == 200)
            let plain = [
                "Accept":
                    "multipart/related; type=\"application/octet-stream\"; transfer-syntax=1.2.840.10008.1.2.1"
            ]
            for (path, headers) in [
                ("/frames/1", plain), ("/rendered", [:]), ("/thumbnail", [:]), ("/frames/1/rendered", [:]),
                ("/rendered?viewport=65535,65535", [:]),
                ("", ["Accept": "application/dicom; transfer-syntax=1.2.840.10008.1.2"]),
            ] {
                let answer = try await server.ask("GET", place + path, headers: headers)
                // A file that is no pixels and claims none may still go out as what it is.
                if path.isEmpty && !syntax.isEncapsulated { continue }
                #expect((400...500).contains(answer.status), "\(path): \(answer.status)")
                #expect(!answer.text.contains(server.folder))
            }
            #expect(try await server.get(Self.root + Self.instance + "/rendered").status == 200)
        }
    }

    @Test("An honest picture is not drawn larger than can be looked at") func viewport() async throws {
        try await withStore { server, _ in
            for viewport in ["65535,65535", "2147483647,2147483647", "1,99999999999999999999", "-5,5", "0,0"] {
                let answer = try await server.get(Self.root + Self.instance + "/rendered?viewport=" + viewport)
                #expect(answer.status == 400, "\(viewport): \(answer.status)")
            }
        }
    }

    @Test("Sequences 10,000 deep are refused, in a file and in DICOM JSON") func deep() async throws {
        try await withStore { server, store in
            let file = try HostileInstances.deep("1.4.2", levels: 10_000)
            let refused = try await server.send(
                "POST", Self.root + "/studies", multipart([file]), headers: Self.stow)
            #expect(refused.status == 409)
            let opening = #"{"0040A730":{"vr":"SQ","Value":["#
            let json =
                String(repeating: opening, count: 10_000) + "{}" + String(repeating: "]}}", count: 10_000)
            for text in [json, "[\(json)]", String(repeating: "[", count: 200_000)] {
                let answer = try await server.send(
                    "POST", Self.root + "/studies",
                    multipart([Array(text.utf8)], type: "application/dicom+json"),
                    headers: [
                        "Content-Type": "multipart/related; type=\"application/dicom+json\"; boundary=b0"
                    ])
                #expect([400, 409].contains(answer.status))
            }
            #expect(try store.counts().instances == 1)
            #expect(try await store.verify().isWhole)
        }
    }

    @Test(
        "A file that is a program as well is kept as it came, and never served as one",
        arguments: [
            "MZ\u{90}\0\u{3}\0", "\u{7f}ELF\u{2}\u{1}\u{1}", "#!/bin/sh\nexit 1\n", "<html><script>x()</script>",
            "%PDF-1.7\n",
        ])
    func polyglots(head: String) async throws {
        try await withStore { server, store in
            let file = try HostileInstances.plain("1.4.2", preamble: head.unicodeScalars.map { UInt8($0.value) })
            let stored = try await server.send(
                "POST", Self.root + "/studies", multipart([file]), headers: Self.stow)
            #expect(stored.status == 200)
            let place = "/studies/1.2.1/series/1.3.1/instances/1.4.2"
            for root in [Self.root, Self.google] {
                for accept in [
                    "application/dicom; transfer-syntax=*", "*/*", "text/html", "application/octet-stream",
                ] {
                    let answer = try await server.ask("GET", root + place, headers: ["Accept": accept])
                    #expect(answer.headers["x-content-type-options"] == "nosniff")
                    let type = answer.headers["content-type"] ?? ""
                    if answer.status == 200 {
                        #expect(
                            type.hasPrefix("application/dicom") || type.hasPrefix("multipart/related"), "\(type)")
                    } else {
                        #expect(answer.status == 406)
                    }
                }
                let whole = try await server.ask(
                    "GET", root + place, headers: ["Accept": "application/dicom; transfer-syntax=*"])
                #expect(whole.headers["content-type"]?.hasPrefix("application/dicom") == true)
                #expect(whole.body == file)
            }
            let path = try #require(try store.instance("1.4.2")).path
            let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(permissions.map { $0 & 0o111 } == 0)
        }
    }

    @Test(
        "A UID that is a path is no UID, whatever brings it",
        arguments: ["/etc/x", "..", "../../x", "1.2/3", ".", String(repeating: "1", count: 65), "1.2 3", "~"])
    func hostileUIDs(uid: String) async throws {
        try await withStore { server, store in
            let files = [
                try DICOMFile(dataSet: HostileInstances.dataSet(uid)).serialized(),
                try DICOMFile(dataSet: HostileInstances.dataSet("1.4.2", [.text(.studyInstanceUID, uid)]))
                    .serialized(),
            ]
            let answer = try await server.send(
                "POST", Self.root + "/studies", multipart(files), headers: Self.stow)
            #expect(answer.status == 409)
            #expect(try store.counts().instances == 1)
            #expect(try await store.verify().isWhole)
        }
    }

    // MARK: Help

    static let secret = "secret, and nobody's business"
    static let stow = ["Content-Type": "multipart/related; type=\"application/dicom\"; boundary=b0"]

    /// A server with one instance in the store `d/s`, and a file beside the stores.
    private func withStore(_ body: (TestServer, DICOMStore) async throws -> Void) async throws {
        try await withServer { server in
            let catalog = try DICOMCatalog(home: Home(path: server.folder + "/home"))
            let store = try catalog.store(DICOMStoreName("d/s"), creating: true)
            #expect(try store.ingest(Bytes(HostileInstances.plain("1.4.1")), from: "") == .added)
            try Data(Self.secret.utf8).write(to: URL(fileURLWithPath: server.folder + "/home/secret.txt"))
            try await body(server, store)
        }
    }

    private static func isServed(_ port: Int) async throws -> Bool {
        let request = "GET \(root)/studies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return try await RawConnection.exchange(port: port, request).hasPrefix("HTTP/1.1 200")
    }

    private func multipart(_ parts: [[UInt8]], type: String = "application/dicom") -> [UInt8] {
        parts.flatMap { Array("--b0\r\nContent-Type: \(type)\r\n\r\n".utf8) + $0 + [13, 10] }
            + Array("--b0--\r\n".utf8)
    }
}
