import DICOM
import DICOMPixels
import DICOMStore
import DICOMweb
import Foundation
import Imaging
import LightboxCore
import TestSupport
import Testing

@Suite("Retrieve") struct RetrieveTests {
    static let path = "/studies/1.2.1/series/1.3.1/instances/1.4.1"
    static let native = TransferSyntax.explicitVRLittleEndian.uid

    /// Attributes of every kind: numbers beyond the limits, private ones, nested ones, odd lengths.
    static let attributes: [Element] = [
        .text(.specificCharacterSet, "ISO_IR 100"),
        .bytes(.patientName, Array("M".utf8) + [0xfc] + Array("ller^J".utf8), vr: .PN),
        .text(Tag(0x0009, 0x0010), "ACME", vr: .LO), .bytes(Tag(0x0009, 0x1001), [1, 2, 3, 4], vr: .UN),
        .words(Tag(0x0009, 0x1002), .US, (0..<600).map { UInt16($0) }),
        .words(Tag(0x0009, 0x1003), .US, (0..<500).map { UInt16($0) }),
        .words(Tag(0x0009, 0x1004), .OF, (0..<400).map { UInt32($0) }),
        .words(Tag(0x0009, 0x1005), .OF, (0..<600).map { UInt32($0) }),
        .sequence(
            Tag(0x5400, 0x0100),
            [
                DataSet([]),
                DataSet([.bytes(Tag(0x5400, 0x1010), Array(0..<100), vr: .OW), .text(Tag(0x5400, 0x1006), "SS")]),
            ]),
    ]

    @Test("Metadata and the bulk data it points at make up the file again") func metadata() async throws {
        try await withService { service in
            let bytes = instanceBytes(instance: "1.4.1", more: Self.attributes)
            try service.store([bytes])
            for level in ["/studies/1.2.1", "/studies/1.2.1/series/1.3.1", Self.path] {
                let answer = try await service.send(.get, level + "/metadata")
                #expect(answer.status == 200 && answer.type == "application/dicom+json")
                let addresses = answer.bulkAddresses
                let root = "http://host/dw" + Self.path + "/bulkdata/"
                #expect(
                    addresses
                        == ["00091001", "00091002", "00091005", "54000100/1/54001010", "7FE00010"].map {
                            root + $0
                        })
                var bulk: [String: Bytes] = [:]
                for address in addresses {
                    let short = String(address.dropFirst("http://host/dw".count))
                    let parts = try await service.send(.get, short).parts()
                    #expect(parts.count == 1 && parts[0].headers["content-location"] == address)
                    bulk[address] = Bytes(parts[0].content)
                    let alone = try await service.send(.get, short, ["accept": "application/octet-stream"])
                    #expect(alone.body.array == parts[0].content && alone.type == "application/octet-stream")
                }
                let values = bulk
                let whole = try DICOMJSON.decode(
                    answer.body.array, options: .init(bulkData: { values[$0] ?? .empty }))
                let expected = try DICOMFile(bytes: Bytes(bytes)).dataSet
                #expect(DICOMJSON.encode(whole) == DICOMJSON.encode(expected))
            }
        }
    }

    /// Against the table that `Tests/Reference/dicom/make_json_reference.py` makes: attributes in the metadata, values
    /// of bulk data from their addresses.
    @Test(
        "Metadata and bulk data say what pydicom says of every file",
        .enabled(if: PydicomFiles.arePresent, "needs pydicom's test files, see scripts/bootstrap"))
    func againstPydicom() async throws {
        let table = try String(contentsOfFile: reference("dicom/json.csv"), encoding: .utf8)
        var compared = 0
        try await withService { service in
            for line in table.split(separator: "\n").dropFirst() {
                let row = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                guard row[0].hasPrefix("pydicom/test_files/"),
                    let bytes = try? PydicomFiles.bytes(String(row[0].dropFirst("pydicom/test_files/".count))),
                    let outcome = try? service.store.ingest(Bytes(bytes), from: row[0]), outcome == .added
                else { continue }
                let instance = try #require(try service.store.instances(limit: 1).first)
                let answer = try await service.send(.get, "/studies/\(instance.position.study)/metadata")
                var text = answer.text
                for address in answer.bulkAddresses where !address.hasSuffix("/bulkdata/7FE00010") {
                    let short = String(address.dropFirst("http://host/dw".count))
                    let value = try await service.send(.get, short, ["accept": "application/octet-stream"]).body
                    text = text.replacing(
                        "\"BulkDataURI\":\"\(address)\"",
                        with: "\"InlineBinary\":\"\(Data(value.array).base64EncodedString())\"")
                }
                let lines = try CanonicalJSON.lines(of: Array(text.utf8.dropFirst().dropLast()), skipping: row[3])
                    .filter { $0.prefix(8) < "7FE00008" }
                let digest = ContentHash(of: lines.joined(separator: "\n").utf8).description
                #expect(digest == row[2], "\(row[0])")
                compared += 1
                try service.store.remove(.all)
            }
        }
        #expect(compared > 60)
    }

    @Test("Metadata as XML") func xml() async throws {
        try await withService { service in
            try service.store([
                instanceBytes(instance: "1.4.1", more: Self.attributes), instanceBytes(instance: "1.4.2"),
            ])
            let answer = try await service.send(
                .get, "/studies/1.2.1/metadata", ["accept": "multipart/related; type=\"application/dicom+xml\""])
            #expect(answer.type.hasPrefix("multipart/related; type=\"application/dicom+xml\"; boundary="))
            let parts = try answer.parts()
            #expect(parts.count == 2)
            let document = try XMLChecker.parse(parts[0].content)
            #expect(document.depthIsBalanced)
            let text = String(decoding: parts[0].content, as: UTF8.self)
            #expect(text.contains("<FamilyName>Müller</FamilyName><GivenName>J</GivenName>"))
            #expect(
                text.contains(
                    "<DicomAttribute tag=\"00090001\" vr=\"UN\" privateCreator=\"ACME\"><BulkData uri=\"http://host"
                ))
            #expect(text.contains("<Item number=\"2\"><DicomAttribute tag=\"54001006\""))
        }
    }

    @Test(
        "Instances come in the syntax that is asked for",
        arguments: [
            (nil, "multipart", native), ("*/*", "multipart", native), ("multipart/related", "multipart", native),
            ("multipart/related; type=\"application/dicom\"", "multipart", native),
            (
                "multipart/related; type=application/dicom; transfer-syntax=1.2.840.10008.1.2", "multipart",
                "1.2.840.10008.1.2"
            ),
            ("application/dicom", "single", native), ("application/dicom; transfer-syntax=*", "single", native),
            ("text/html, application/dicom;q=0.5, */*;q=0.1", "single", native),
            ("multipart/related; type=\"application/dicom; transfer-syntax=1.2.840.10008.1.2.1\"", "406", ""),
            ("application/json", "406", ""), ("image/png", "406", ""), ("application/dicom;q=0", "406", ""),
            ("application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90", "406", ""), ("/", "400", ""),
        ] as [(String?, String, String)])
    func negotiation(accept: String?, form: String, syntax: String) async throws {
        try await withService { service in
            let bytes = instanceBytes(instance: "1.4.1")
            try service.store([bytes])
            let answer = try await service.send(.get, Self.path, accept.map { ["accept": $0] } ?? [:])
            switch form {
            case "single":
                #expect(
                    answer.type == "application/dicom; transfer-syntax=\(syntax)" && answer.body.array == bytes)
            case "multipart":
                let part = try #require(try answer.parts().first)
                #expect(part.headers["content-type"] == "application/dicom; transfer-syntax=\(syntax)")
                let file = try DICOMFile(bytes: Bytes(part.content))
                #expect(file.transferSyntax.uid == syntax)
                #expect(
                    try DICOMJSON.encode(file.dataSet) == DICOMJSON.encode(DICOMFile(bytes: Bytes(bytes)).dataSet))
            default: #expect(answer.status == Int(form))
            }
        }
    }

    /// Decoded by default, and frames alone: the values that `DICOMImage` gives, which DICOMPixelsTests holds against
    /// pydicom's.
    @Test(
        "Pixels are decoded unless they are wanted as stored",
        .enabled(if: PydicomFiles.arePresent, "needs pydicom's test files, see scripts/bootstrap"),
        arguments: [
            ("JPEG2000.dcm", "image/jp2"), ("MR_small_RLE.dcm", "image/dicom-rle"),
            ("SC_rgb_jpeg_dcmtk.dcm", "image/jpeg"),
            ("MR_small_jpeg_ls_lossless.dcm", "image/jls"), ("SC_rgb_rle_2frame.dcm", "image/dicom-rle"),
            ("MR_small_bigendian.dcm", ""), ("CT_small.dcm", ""), ("image_dfl.dcm", ""), ("liver_1frame.dcm", ""),
            ("SC_ybr_full_422_uncompressed.dcm", ""), ("MR_small_implicit.dcm", ""), ("rtdose.dcm", ""),
            ("rtdose_expb.dcm", ""),
        ])
    func pixels(name: String, media: String) async throws {
        try await withService { service in
            let bytes = try PydicomFiles.bytes(name)
            try service.store([bytes])
            let instance = try service.store.instances(limit: 1)[0]
            let path =
                "/studies/\(instance.position.study)/series/\(instance.position.series)/instances/\(instance.position.instance)"
            let image = try DICOMImage(try DICOMFile(bytes: Bytes(bytes)))
            let decoded = try await service.send(.get, path, ["accept": "application/dicom"])
            let file = try DICOMFile(bytes: decoded.body)
            #expect(file.transferSyntax == .explicitVRLittleEndian)
            let again = try DICOMImage(file)
            #expect(again.frameCount == image.frameCount)
            let numbers = (1...image.frameCount).map(String.init).joined(separator: ",")
            let frames = try await service.send(.get, "\(path)/frames/\(numbers)").parts()
            #expect(frames.count == image.frameCount)
            for index in 0..<image.frameCount {
                let expected = try image.storedFrame(index)
                #expect(try again.storedFrame(index).samples == expected.samples)
                let isPlain = ![.ybrFull422, .ybrPartial422].contains(image.description.photometricInterpretation)
                guard isPlain, image.description.bitsAllocated > 1, !image.description.isPlanar || !media.isEmpty
                else { continue }
                #expect(frames[index].content == expected.samples.withUnsafeBytes { Array($0) })
                #expect(
                    frames[index].headers["content-type"]
                        == "application/octet-stream; transfer-syntax=\(Self.native)")
            }
            guard !media.isEmpty else { return }
            let stored = try await service.send(
                .get, "\(path)/frames/1", ["accept": "multipart/related; type=\"\(media)\"; transfer-syntax=*"]
            ).parts()
            #expect(stored[0].content == image.encodedFrame(0)?.array)
            #expect(
                stored[0].headers["content-type"]
                    == "\(media); transfer-syntax=\(instance.record.instance.transferSyntaxUID)")
            let bulk = try await service.send(.get, "\(path)/bulkdata/7FE00010").parts()
            #expect(bulk.map(\.content) == (0..<image.frameCount).map { image.encodedFrame($0)!.array })
            let plain = try await service.send(
                .get, "\(path)/frames/1", ["accept": "application/octet-stream; transfer-syntax=*"])
            #expect(plain.body == image.encodedFrame(0))
        }
    }

    @Test("Frames that are not there, and forms that cannot be") func frames() async throws {
        try await withService { service in
            try service.store([instanceBytes(instance: "1.4.1")])
            for (list, status) in [
                ("1", 200), ("1,1", 200), ("1%2C1", 200), ("2", 404), ("0", 400), ("-1", 400), ("a", 400),
                ("1,", 400), ("99999999999999999999", 400),
            ] {
                #expect(try await service.send(.get, "\(Self.path)/frames/\(list)").status == status, "\(list)")
            }
            for (accept, status) in [
                ("image/jp2", 406), ("multipart/related; type=\"image/jls\"", 406), ("image/png", 200),
                ("image/jpeg", 200), ("text/plain", 406), ("multipart/related; type=\"image/*\"", 200),
            ] {
                #expect(
                    try await service.send(.get, "\(Self.path)/frames/1", ["accept": accept]).status == status,
                    "\(accept)")
            }
            #expect(
                try await service.send(.get, "/studies/1.2.1/series/1.3.1/instances/1.4.2/frames/1").status == 404)
            for place in ["00100010/0", "7FE00010/0/7FE00010", "zz", "00091001", "..", "54000100/9/54001010"] {
                #expect(
                    [404, 200].contains(try await service.send(.get, "\(Self.path)/bulkdata/\(place)").status))
            }
        }
    }

    @Test("Pictures: the same as the renderer's, cut, turned and fitted") func rendered() async throws {
        try await withService { service in
            try service.store([
                instanceBytes(instance: "1.4.1"), instanceBytes(instance: "1.4.2", more: [.text(.modality, "CT")]),
            ])
            let file = try DICOMFile(bytes: Bytes(instanceBytes(instance: "1.4.1")))
            func png(_ query: String) async throws -> Image {
                let answer = try await service.send(
                    .get, "\(Self.path)/rendered?\(query)", ["accept": "image/png"])
                #expect(answer.status == 200 && answer.type == "image/png")
                return try PNG.decode(answer.body)
            }
            let plain = try DICOMImage(file).rendered()
            #expect(try await png("") == plain)
            let narrow = try DICOMImage(file).rendered(window: .custom(center: 10, width: 5))
            #expect(try await png("window=10,5,linear") == narrow)
            #expect(try await png("window=9.5,4,linear-exact") == narrow)
            let large = try await png("viewport=60,60")
            #expect(large.width == 60 && large.height == 40)
            let part = try await png("viewport=2,1,3,2,2,1")
            let turned = try await png("viewport=2,1,3,2,-2,1")
            #expect(part.width == 2 && part.height == 1)
            #expect(Array(part.eightBitSamples.reversed()) == turned.eightBitSamples)
            #expect(part.eightBitSamples[0] == plain.eightBitSamples[2 * 6 + 3])
            for query in [
                "window=1", "window=a,b", "window=1,0,linear", "window=1,2,cubic", "viewport=0,1", "viewport=1",
                "viewport=99999,1", "quality=0", "quality=101", "viewport=1,1,9,9,1,1",
            ] {
                #expect(try await service.send(.get, "\(Self.path)/rendered?\(query)").status == 400, "\(query)")
            }
            let thumbnail = try await service.send(.get, "/studies/1.2.1/thumbnail")
            #expect(thumbnail.type == "image/jpeg" && thumbnail.body[0] == 0xff)
            let series = try await service.send(.get, "/studies/1.2.1/series/1.3.1/rendered").parts()
            #expect(series.count == 2 && series[0].headers["content-type"] == "image/jpeg")
            #expect(try await service.send(.get, Self.path + "/frames/1/rendered").type == "image/jpeg")
            #expect(try await service.send(.get, Self.path + "/rendered", ["accept": "image/gif"]).status == 406)
            #expect(try await service.send(.get, Self.path + "/frames/2/rendered").status == 404)
        }
    }

    @Test("Tags and ranges") func conditions() async throws {
        try await withService { service in
            let bytes = instanceBytes(instance: "1.4.1")
            try service.store([bytes])
            let addresses = [
                Self.path, Self.path + "/metadata", Self.path + "/frames/1", Self.path + "/rendered",
                "/studies/1.2.1",
            ]
            var tags: [String] = []
            for address in addresses {
                let tag = try #require(try await service.send(.get, address).header("ETag"))
                tags.append(tag)
                for header in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let answer = try await service.send(.get, address, ["if-none-match": header])
                    #expect(answer.status == 304 && answer.body.isEmpty)
                }
                #expect(try await service.send(.get, address, ["if-none-match": "\"x\""]).status == 200)
            }
            try service.store([instanceBytes(instance: "1.4.2")])
            #expect(try await service.send(.get, "/studies/1.2.1", ["if-none-match": tags[4]]).status == 200)
            #expect(try await service.send(.get, Self.path, ["if-none-match": tags[0]]).status == 304)
            for (range, expected) in [
                ("bytes=0-9", 0..<10), ("bytes=100-", 100..<bytes.count),
                ("bytes=-5", bytes.count - 5..<bytes.count),
                ("bytes=10-999999", 10..<bytes.count),
            ] {
                let answer = try await service.send(
                    .get, Self.path, ["accept": "application/dicom", "range": range])
                #expect(answer.status == 206 && answer.body.array == Array(bytes[expected]))
                #expect(
                    answer.header("Content-Range")
                        == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(bytes.count)")
            }
            for range in ["bytes=5-1", "bytes=a-b", "bytes=1-2,4-5", "items=1-2"] {
                #expect(
                    try await service.send(.get, Self.path, ["accept": "application/dicom", "range": range]).status
                        == 200)
            }
            #expect(
                try await service.send(.get, Self.path, ["accept": "application/dicom", "range": "bytes=999999-"])
                    .status == 416)
        }
    }

    @Test("What is not there, and paths that try to climb") func paths() async throws {
        try await withService { service in
            try service.store([instanceBytes(instance: "1.4.1")])
            for (address, status) in [
                ("/studies/1.2.9", 404), ("/studies/1.2.1/series/1.3.9", 404), ("/studies/1.2.9/metadata", 404),
                ("/studies/1.2.9/series/1.3.1/instances/1.4.1", 404), ("/studies/../..", 400),
                ("/studies/%2e%2e", 400),
                ("/studies/%2e%2e%2f1", 400), ("/studies/1.2.1%2Fseries", 400),
                ("/studies/1.2.1/instances/1.4.1", 404),
                ("/studies/1.2.1%00", 400), ("/studies/%31.2.1", 200), ("/studies/%2531.2.1", 400),
                ("/studies/1.2.1#", 400),
                ("/studies/" + String(repeating: "1", count: 65), 400), ("/studies/1.2.1/rendered/", 200),
                ("//studies", 404),
            ] {
                #expect(try await service.send(.get, address).status == status, "\(address)")
            }
            #expect(try await service.send(.delete, "/studies/1.2.9").status == 404)
            #expect(try await service.send(.delete, "/studies").status == 405)
            #expect(try await service.send(.delete, "/studies/1.2.1/metadata").status == 405)
            #expect(try await service.send(.delete, "/studies/1.2.1/series/1.3.1").status == 204)
            #expect(try service.store.counts().studies == 0)
        }
    }

    @Test("A study of 256 MB streams in small chunks") func streams() async throws {
        try await withService { service in
            let count = 32
            for number in 0..<count {
                let bytes = instanceBytes(
                    instance: "1.4.\(number)",
                    more: [
                        .int(.rows, 2048), .int(.columns, 2048),
                        .words(.pixelData, .OW, [UInt16](repeating: UInt16(number), count: 2048 * 2048)),
                    ])
                try service.store([bytes])
            }
            for syntax in ["*", TransferSyntax.implicitVRLittleEndian.uid] {
                let response = await service.respond(
                    to: try DICOMwebRequest(
                        method: .get, path: "/studies/1.2.1",
                        headers: [
                            ("Accept", "multipart/related; type=\"application/dicom\"; transfer-syntax=\(syntax)")
                        ], root: ""))
                guard case .stream(let stream) = response.body else {
                    Issue.record("no stream")
                    return
                }
                var (bytes, most) = (0, 0)
                for try await chunk in stream {
                    bytes += chunk.count
                    most = max(most, chunk.count)
                }
                #expect(bytes > count * 8 << 20 && most <= 1 << 18)
            }
        }
    }
}

/// Answers that are made from more than fits an answer's memory, or from files of other kinds.
@Suite("Retrieve: large values, other byte orders, many images") struct LargeRetrieveTests {
    @Test("A large value, or a range of it, goes out in small chunks", arguments: [nil, "bytes=5-2999999"])
    func bulkData(range: String?) async throws {
        let value = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try await withService { service in
            try service.store([
                instanceBytes(
                    instance: "1.4.1",
                    more: [
                        .text(Tag(0x0009, 0x0010), "ACME", vr: .LO),
                        .bytes(Tag(0x0009, 0x1001), value + [0], vr: .UN),
                    ])
            ])
            let headers = [("accept", "application/octet-stream")] + (range.map { [("range", $0)] } ?? [])
            let response = await service.respond(
                to: try DICOMwebRequest(
                    method: .get, path: RetrieveTests.path + "/bulkdata/00091001", headers: headers, root: "r"))
            let expected = range == nil ? value + [0] : Array(value[5...2_999_999])
            #expect(response.status == (range == nil ? 200 : 206))
            #expect(response.contentLength == expected.count)
            guard case .stream(let stream) = response.body else {
                Issue.record("The value is one piece.")
                return
            }
            var bytes: [UInt8] = []
            for try await chunk in stream {
                #expect(chunk.count <= 1 << 18)
                bytes += chunk.array
            }
            #expect(bytes == expected)
        }
    }

    @Test("Frames of a big-endian file are little-endian, and say so", arguments: ["transfer-syntax=*", ""])
    func bigEndian(parameter: String) async throws {
        let little = try DICOMFile(bytes: Bytes(instanceBytes(instance: "1.4.1", pixel: 0x1234)))
        let words = try #require(little.dataSet.bytes(.pixelData)).array
        try await withService { service in
            try service.store([try little.serialized(as: .explicitVRBigEndian)])
            let answer = try await service.send(
                .get, RetrieveTests.path + "/frames/1", ["accept": "multipart/related; \(parameter)"])
            let part = try #require(try answer.parts().first)
            #expect(part.content == words)
            #expect(
                part.headers["content-type"] == "application/octet-stream; transfer-syntax=\(RetrieveTests.native)"
            )
        }
    }

    @Test("A study of many images has a thumbnail, and not all its pictures at once") func manyImages()
        async throws
    {
        try await withService { service in
            try service.store([instanceBytes(instance: "1.4.1")])
            let first = try #require(try service.store.instance("1.4.1")).record
            // Rows alone: nobody looks for their files.
            try service.store.addRows(
                (0...20_000).lazy.map { index in
                    var record = first
                    record.series.seriesInstanceUID = "1.3.2"
                    record.instance.sopInstanceUID = "1.5.\(index)"
                    return (record, ContentHash(of: "\(index)".utf8))
                })
            let thumbnail = try await service.send(.get, "/studies/1.2.1/thumbnail", ["accept": "image/png"])
            #expect(thumbnail.status == 200 && thumbnail.type == "image/png")
            let alone = try await service.send(.get, RetrieveTests.path + "/thumbnail", ["accept": "image/png"])
            #expect(alone.body == thumbnail.body)
            #expect(try await service.send(.get, "/studies/1.2.1/rendered").status == 413)
        }
    }

    @Test("Several frames come as pictures, each at its place") func frames() async throws {
        try await withService { service in
            let pixels = (0..<3).flatMap { frame in (0..<24).map { UInt16(1000 * frame + $0) } }
            try service.store([
                instanceBytes(
                    instance: "1.4.1",
                    more: [.text(.numberOfFrames, "3"), .words(.pixelData, .OW, pixels)])
            ])
            let accept = ["accept": "multipart/related; type=\"image/png\""]
            let several = try await service.send(.get, RetrieveTests.path + "/frames/3,1/rendered", accept)
            let parts = try several.parts()
            #expect(parts.count == 2)
            for (part, number) in zip(parts, [3, 1]) {
                let alone = try await service.send(
                    .get, RetrieveTests.path + "/frames/\(number)/rendered", ["accept": "image/png"])
                #expect(alone.status == 200 && alone.body.array == part.content)
                #expect(part.headers["content-location"]?.hasSuffix("/frames/\(number)/rendered") == true)
            }
            #expect(
                try await service.send(.get, RetrieveTests.path + "/frames/1,4/rendered", accept).status == 404)
        }
    }
}

/// Looks whether elements end in the order in which they begin.
struct XMLChecker {
    var depthIsBalanced = true

    static func parse(_ document: [UInt8]) throws -> XMLChecker {
        var checker = XMLChecker()
        var open: [Substring] = []
        for piece in String(decoding: document, as: UTF8.self).split(separator: "<").dropFirst() {
            let name = piece.prefix { $0 != ">" && $0 != " " && $0 != "/" }
            if piece.first == "/" {
                let ended = piece.dropFirst().prefix { $0 != ">" }
                if open.popLast() != ended { checker.depthIsBalanced = false }
            } else if !piece.prefix(while: { $0 != ">" }).hasSuffix("/") && piece.first != "?" {
                open.append(name)
            }
        }
        if !open.isEmpty { checker.depthIsBalanced = false }
        return checker
    }
}
