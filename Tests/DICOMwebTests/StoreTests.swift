import DICOM
import DICOMStore
import DICOMweb
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Store") struct StoreTests {
    static let dicom = ["content-type": "multipart/related; type=\"application/dicom\"; boundary=b0"]

    /// Cut where it hurts.
    static func cut(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min(bytes.count, $0 + size)]) }
    }

    @Test("What comes in goes out byte for byte", arguments: [1, 7, 64, 1 << 20]) func roundTrip(piece: Int)
        async throws
    {
        try await withService { service in
            let files = (1...5).map { instanceBytes(instance: "1.4.\($0)", pixel: UInt16($0)) }
            let stored = try await service.send(
                .post, "/studies", Self.dicom, body: Self.cut(multipart(files), piece))
            #expect(stored.status == 200 && stored.type == "application/dicom+json")
            let report = try stored.dataSets()[0]
            #expect(report.items(Tag(0x0008, 0x1199)).count == 5 && report[Tag(0x0008, 0x1198)] == nil)
            #expect(
                report.items(Tag(0x0008, 0x1199))[0].string(Tag(0x0008, 0x1190))
                    == "http://host/dw/studies/1.2.1/series/1.3.1/instances/1.4.1")
            let back = try await service.send(
                .get, "/studies/1.2.1",
                ["accept": "multipart/related; type=\"application/dicom\"; transfer-syntax=*"])
            #expect(try back.parts().map(\.content) == files)
            #expect(try await service.store.verify().isWhole)
        }
    }

    @Test(
        "Real files of all transfer syntaxes go in and out byte for byte",
        .enabled(if: PydicomFiles.arePresent, "needs pydicom's test files, see scripts/bootstrap"))
    func realFiles() async throws {
        let names = [
            "CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "rtplan.dcm",
            "image_dfl.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_implicit.dcm", "MR_small_jpeg_ls_lossless.dcm",
        ]
        try await withService { service in
            for name in names {
                let bytes = try PydicomFiles.bytes(name)
                let file = try DICOMFile(bytes: Bytes(bytes))
                let answer = try await service.send(
                    .post, "/studies", ["content-type": "application/dicom"], body: Self.cut(bytes, 10_000))
                #expect(answer.status == 200, "\(name)")
                let address =
                    "/studies/\(file.dataSet.string(.studyInstanceUID)!)/series/"
                    + "\(file.dataSet.string(.seriesInstanceUID)!)/instances/\(file.dataSet.string(.sopInstanceUID)!)"
                let back = try await service.send(
                    .get, address, ["accept": "application/dicom; transfer-syntax=*"])
                #expect(back.body.array == bytes, "\(name)")
                #expect(back.type == "application/dicom; transfer-syntax=\(file.transferSyntax.uid)")
                #expect(try await service.send(.delete, address).status == 204)
            }
        }
    }

    @Test("Tells of each instance that is not stored, and keeps the others") func failures() async throws {
        let other = instanceBytes(instance: "1.4.1", pixel: 99)
        let body = multipart([
            instanceBytes(instance: "1.4.1"), Array("no DICOM, but quite long: secret".utf8), other,
            instanceBytes(instance: "1.4.2"), instanceBytes(instance: "../../secret"), [],
        ])
        try await withService { service in
            let answer = try await service.send(.post, "/studies", Self.dicom, body: [body])
            #expect(answer.status == 202)
            #expect(!answer.text.contains("secret"))
            let report = try answer.dataSets()[0]
            #expect(report.items(Tag(0x0008, 0x1199)).count == 2)
            // Only what has a class and a usable name can be referred to (PS3.18 table I.1-1).
            let named = report.items(.failedSOPSequence)
            #expect(named.map { $0.int(.failureReason) } == [273])
            #expect(named.first?.string(.referencedSOPInstanceUID) == "1.4.1")
            #expect(named.first?.string(.referencedSOPClassUID) == "1.2.840.10008.5.1.4.1.1.7")
            let others = report.items(.otherFailuresSequence)
            #expect(others.map { $0.int(.failureReason) } == [272, 272, 272])
            #expect(others.allSatisfy { $0[.referencedSOPInstanceUID] == nil })
            #expect(report.string(.retrieveURL) == "http://host/dw/studies/1.2.1")
            #expect(!answer.text.contains("GOOGLE"))
            #expect(try service.store.counts().instances == 2)
            #expect(try await service.store.verify().isWhole)
            let again = try await service.send(.post, "/studies", Self.dicom, body: [multipart([other])])
            #expect(again.status == 409)
            // Of type 2: without a value, and there.
            #expect(try again.dataSets()[0].bytes(.retrieveURL)?.isEmpty == true)
            let same = try await service.send(
                .post, "/studies", Self.dicom, body: [multipart([instanceBytes(instance: "1.4.1")])])
            #expect(same.status == 200)
            // The same data set behind another preamble, as another sender writes it.
            let rewritten = [UInt8](repeating: 0x4d, count: 128) + instanceBytes(instance: "1.4.1").dropFirst(128)
            let known = try await service.send(.post, "/studies", Self.dicom, body: [multipart([rewritten])])
            #expect(known.status == 200)
            #expect(try await service.store.verify().isWhole)
        }
    }

    @Test("Google's answer is XML, and JSON on request; 409 when one is not stored") func google() async throws {
        try await withService(DICOMwebSettings(flavour: .google)) { service in
            let body = multipart([instanceBytes(instance: "1.4.1"), Array(repeating: 7, count: 200)])
            let xml = try await service.send(.post, "/studies", Self.dicom, body: [body])
            #expect(xml.status == 409 && xml.type == "application/dicom+xml")
            #expect(
                xml.text.contains(
                    "<DicomAttribute tag=\"00081197\" vr=\"US\" keyword=\"FailureReason\"><Value number=\"1\">272<"
                ))
            #expect(
                xml.text.contains("tag=\"00090097\"") && xml.text.contains("keyword=\"ReferencedSOPSequence\""))
            var headers = Self.dicom
            headers["accept"] = "application/json"
            let json = try await service.send(.post, "/studies", headers, body: [body])
            #expect(json.type == "application/json" && json.text.contains("\"00091097\""))
            #expect(json.text.contains("GOOGLE") && !json.text.contains("0008119A"))
            #expect(try await service.send(.delete, "/studies/1.2.1/series/1.3.1/instances/1.4.1").text == "{}")
        }
    }

    @Test("A study in the path has to be that of the instances") func study() async throws {
        try await withService { service in
            let body = multipart([
                instanceBytes(instance: "1.4.1"), instanceBytes(study: "1.2.2", instance: "1.4.2"),
            ])
            let answer = try await service.send(.post, "/studies/1.2.2", Self.dicom, body: [body])
            #expect(answer.status == 202)
            #expect(try answer.dataSets()[0].items(Tag(0x0008, 0x1198)).first?.int(Tag(0x0008, 0x1197)) == 0xa900)
            #expect(try service.store.counts().instances == 1)
        }
    }

    @Test(
        "Takes what senders send: quotes or none, types of parts missing, compression",
        arguments: [
            "multipart/related; type=application/dicom; boundary=\"b0\"",
            "Multipart/Related; BOUNDARY=b0; type=\"application/dicom\"", "multipart/related;boundary=b0",
        ])
    func senders(type: String) async throws {
        let instance = instanceBytes(instance: "1.4.1")
        let body =
            Array("preamble\n--b0\nMIME-Version: 1.0\nContent-Disposition: attachment\n\n".utf8) + instance
            + Array("\n--b0--".utf8)
        try await withService { service in
            let plain = try await service.send(.post, "/studies", ["content-type": type], body: [body])
            #expect(plain.status == 200)
            let packed = body.withUnsafeBytes { Deflater.deflate($0, format: .gzip) }
            let again = try await service.send(
                .post, "/studies/", ["content-type": type, "content-encoding": "gzip"], body: Self.cut(packed, 50))
            #expect(again.status == 200)
            #expect(try service.store.instances(limit: 9).map(\.size) == [instance.count])
        }
    }

    static let wrong: [(headers: [String: String], body: [UInt8]?, status: Int)] = [
        ([:], [1], 415), (["content-type": "text/plain"], [1], 415),
        (["content-type": "multipart/related"], [1], 400),
        (["content-type": "multipart/form-data; boundary=b0"], [1], 415), (dicom, nil, 400), (dicom, [], 400),
        (dicom, Array("--b0--".utf8), 400),
        (dicom, Array(multipart([instanceBytes(instance: "1.4.9")]).dropLast(9)), 400),
        (["content-type": "multipart/related; type=\"text/plain\"; boundary=b0"], [1], 415),
        (dicom.merging(["accept": "text/html"]) { $1 }, [1], 406),
        (dicom.merging(["content-encoding": "br"]) { $1 }, [1], 415),
        (dicom.merging(["content-encoding": "gzip"]) { $1 }, [1, 2, 3], 400),
        (["content-type": "application/dicom"], Array("no DICOM at all, secret".utf8), 409),
    ]

    @Test("What cannot be read is refused and leaves nothing") func refuses() async throws {
        try await withService { service in
            for (headers, body, status) in Self.wrong {
                let answer = try await service.send(.post, "/studies", headers, body: body.map { [$0] })
                #expect(answer.status == status, "\(headers)")
                #expect(!answer.text.contains("secret"))
            }
            for address in ["/series", "/studies/1.2/series", "/studies/1.2/metadata"] {
                #expect(try await service.send(.post, address, Self.dicom, body: [[1]]).status == 405)
            }
            #expect(try service.store.counts().instances == 0)
            #expect(try await service.store.verify().isWhole)
            let incoming = try FileManager.default.subpathsOfDirectory(atPath: service.store.root + "/incoming")
            #expect(incoming.filter { $0.contains("/") }.isEmpty)
        }
    }

    @Test("A part over the limit is refused") func limits() async throws {
        try await withService(DICOMwebSettings(largestPart: 600, largestJSON: 100)) { service async throws in
            let body = multipart([instanceBytes(instance: "1.4.1")])
            #expect(try await service.send(.post, "/studies", Self.dicom, body: Self.cut(body, 50)).status == 413)
            #expect(try service.store.counts().instances == 0)
        }
    }

    @Test("A packed body is unpacked up to the limit") func packed() async throws {
        let body = multipart([instanceBytes(instance: "1.4.1")])
        for (limit, status) in [(body.count - 1, 413), (body.count, 200)] {
            try await withService(DICOMwebSettings(largestUnpacked: limit)) { service async throws in
                let headers = Self.dicom.merging(["content-encoding": "gzip"]) { $1 }
                let packed = body.withUnsafeBytes { Deflater.deflate($0, format: .gzip) }
                #expect(
                    try await service.send(.post, "/studies", headers, body: Self.cut(packed, 50)).status == status
                )
                #expect(try service.store.counts().instances == (status == 200 ? 1 : 0))
            }
        }
    }

    static func json(_ transferSyntax: TransferSyntax, instance: String, pixels: String) -> String {
        """
        [{"00020010":{"vr":"UI","Value":["\(transferSyntax.uid)"]},"00080005":{"vr":"CS","Value":["ISO_IR 192"]},
        "00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},"00080018":{"vr":"UI","Value":["\(instance)"]},
        "0020000D":{"vr":"UI","Value":["1.2.1"]},"0020000E":{"vr":"UI","Value":["1.3.1"]},
        "00100010":{"vr":"PN","Value":[{"Alphabetic":"Müller^Jörg"}]},"00280010":{"vr":"US","Value":[2]},
        "00280011":{"vr":"US","Value":[2]},"00280002":{"vr":"US","Value":[1]},"00280100":{"vr":"US","Value":[8]},
        "00280004":{"vr":"CS","Value":["MONOCHROME2"]},"00280101":{"vr":"US","Value":[8]},
        "00280102":{"vr":"US","Value":[7]},"00280103":{"vr":"US","Value":[0]},
        "7FE00010":{"vr":"OB","BulkDataURI":"\(pixels)"}}]
        """
    }

    @Test("DICOM JSON with its bulk data becomes a file") func json() async throws {
        let type = "multipart/related; type=\"application/dicom+json\"; boundary=b0"
        func body(_ json: String, _ location: String, _ bulk: [UInt8]) -> [UInt8] {
            Array("--b0\r\nContent-Type: application/dicom+json\r\n\r\n\(json)\r\n".utf8)
                + Array(
                    "--b0\r\nContent-Type: application/octet-stream\r\nContent-Location: \(location)\r\n\r\n".utf8)
                + bulk + Array("\r\n--b0--\r\n".utf8)
        }
        try await withService { service in
            let json = Self.json(.explicitVRLittleEndian, instance: "1.4.1", pixels: "bulk/1")
            let whole = body(json, "bulk/1", [1, 2, 13, 10])
            let answer = try await service.send(
                .post, "/studies", ["content-type": type], body: Self.cut(whole, 33))
            #expect(answer.status == 200, "\(answer.text)")
            let stored = try #require(try service.store.instance("1.4.1"))
            let file = try DICOMFile(path: stored.path)
            #expect(file.dataSet.string(.patientName) == "Müller^Jörg")
            #expect(file.dataSet.bytes(.pixelData)?.array == [1, 2, 13, 10])
            let missing = try await service.send(
                .post, "/studies", ["content-type": type], body: [body(json, "elsewhere", [1, 2, 3, 4])])
            #expect(missing.status == 409)
            for cut in stride(from: 1, to: json.utf8.count, by: 7) {
                let broken = String(decoding: Array(json.utf8.prefix(cut)), as: UTF8.self)
                let refused = try await service.send(
                    .post, "/studies", ["content-type": type], body: [body(broken, "bulk/1", [1, 2, 3, 4])])
                #expect(refused.status == 409)
                #expect(!refused.text.contains("Jörg"))
            }
            var random = SeededGenerator(seed: 3)
            for _ in 0..<300 {
                var bytes = Array(json.utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                        in: 0x20...0x7e, using: &random)
                }
                let mutated = String(decoding: bytes, as: UTF8.self)
                let status = try await service.send(
                    .post, "/studies", ["content-type": type], body: [body(mutated, "bulk/1", [1, 2, 3, 4])]
                ).status
                #expect([200, 202, 409].contains(status))
            }
            #expect(try await service.store.verify().isWhole)
        }
    }

    @Test("Many senders at once; each instance is stored once") func concurrent() async throws {
        try await withService { service in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for sender in 0..<8 {
                    group.addTask {
                        let files = (0..<12).map { instanceBytes(instance: "1.4.\($0 + 6 * (sender % 4))") }
                        return try await service.send(
                            .post, "/studies", Self.dicom, body: Self.cut(multipart(files), 3000)
                        )
                        .status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(try service.store.counts().instances == 30)
            #expect(try await service.store.verify().isWhole)
        }
    }
}
