import Catalog
import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Pipelines
import Server
import Testing

/// An instance of 4 × 6 pixels as a file's bytes.
func instanceBytes(
    study: String, series: String = "1.3.1", instance: String, number: Int = 1, more: [Element] = []
) throws -> [UInt8] {
    let base: [Element] = [
        .text(.specificCharacterSet, "ISO_IR 192"), .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7"),
        .text(.studyInstanceUID, study), .text(.seriesInstanceUID, series), .text(.sopInstanceUID, instance),
        .text(.modality, "DX"), .int(.instanceNumber, number), .int(.rows, 4), .int(.columns, 6),
        .int(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"), .int(.bitsAllocated, 16),
        .int(.bitsStored, 16), .int(.highBit, 15), .int(.pixelRepresentation, 0),
        .words(.pixelData, .OW, (0..<24).map { UInt16($0) }),
    ]
    return try DICOMFile(dataSet: DataSet(base + more)).serialized()
}

private func person(_ name: String, _ id: String, _ date: String) -> [Element] {
    [.text(.patientName, name), .text(.patientID, id), .text(.studyDate, date), .text(.accessionNumber, "A" + id)]
}

extension TestServer {
    func fill(_ files: [[UInt8]], _ name: String = "d/s") throws {
        let store = try server.context.stores.catalog().store(DICOMStoreName(name), creating: true)
        _ = try store.add(
            files.map { bytes in
                let file = try store.receive()
                try bytes.withUnsafeBytes { try file.append($0) }
                return try file.finish()
            })
    }

    /// The UIDs of the studies on a page, in its order.
    fileprivate func studies(_ query: String = "") async throws -> [String] {
        let page = try await get("/stores/d/s" + query)
        #expect(page.status == 200, "\(query)")
        return page.text.components(separatedBy: "href=\"/stores/d/s/studies/").dropFirst().map {
            String($0.prefix { $0 != "\"" })
        }
    }
}

@Suite("Pages of DICOM stores") struct StudyPageTests {
    @Test("Studies come newest first, or by patient; those without a date come last") func orders() async throws {
        try await withServer { server in
            try server.fill([
                instanceBytes(study: "1.1", instance: "1.1.1", more: person("A", "P3", "20200101")),
                instanceBytes(study: "1.2", instance: "1.2.1", more: person("B", "P1", "20240101")),
                instanceBytes(study: "1.3", instance: "1.3.1", more: person("C", "P2", "")),
                instanceBytes(study: "1.4", instance: "1.4.1", more: person("D", "P1", "20220101")),
            ])
            #expect(try await server.studies() == ["1.2", "1.4", "1.1", "1.3"])
            #expect(try await server.studies("?sort=patient") == ["1.2", "1.4", "1.3", "1.1"])
            #expect(try await server.studies("?patient=P1") == ["1.2", "1.4"])
            #expect(try await server.studies("?from=2021-01-01") == ["1.2", "1.4"])
            #expect(try await server.studies("?from=2021-01-01&to=2023-01-01") == ["1.4"])
            #expect(try await server.studies("?to=2021-01-01") == ["1.1"])
            #expect(try await server.studies("?accession=AP3") == ["1.1"])
            #expect(try await server.studies("?modality=dx&name=c") == ["1.3"])
            #expect(try await server.studies("?modality=ct").isEmpty)
            #expect(try await server.get("/stores/d/s?from=soon").status == 400)
            #expect(try await server.get("/stores/d/s?offset=x").status == 400)
        }
    }

    @Test("A long list comes in pages without gaps") func paging() async throws {
        try await withServer { server in
            try server.fill(
                (1...120).map {
                    let day = String(20_200_100 + $0 % 28 + 1)
                    return try instanceBytes(
                        study: "1.\($0)", instance: "2.\($0)", more: person("P", "\($0)", day))
                })
            let pages = [
                try await server.studies(), try await server.studies("?offset=50"),
                try await server.studies("?offset=100"),
            ]
            #expect(pages.map(\.count) == [50, 50, 20])
            #expect(Set(pages.joined()).count == 120)
            #expect(try await server.get("/stores/d/s").text.contains("?offset=50"))
            #expect(try await !server.get("/stores/d/s?offset=100").text.contains("rel=\"next\""))
        }
    }

    @Test("Stores are listed with what they hold") func stores() async throws {
        try await withServer { server in
            #expect(try await server.get("/stores").text.contains("There is no store yet."))
            try server.fill([
                instanceBytes(study: "1.1", instance: "1.1.1"), instanceBytes(study: "1.1", instance: "1.1.2"),
            ])
            let page = try await server.get("/stores")
            #expect(page.text.contains("href=\"/stores/d/s\""))
            let cells = page.text.components(separatedBy: "<td class=\"number\">").dropFirst().map {
                $0.prefix { $0 != "<" }
            }
            #expect(cells.prefix(3) == ["1", "1", "2"])
        }
    }

    @Test("The address chooses series, image and frame; without it the first picture is shown")
    func choice() async throws {
        try await withServer { server in
            let loop: [Element] = [.text(Tag(0x0028, 0x0008), "3", vr: .IS)]
            try server.fill([
                instanceBytes(study: "1.1", series: "1.1.9", instance: "9.2", number: 2),
                instanceBytes(study: "1.1", series: "1.1.9", instance: "9.1", number: 1, more: loop),
                instanceBytes(study: "1.1", series: "1.1.8", instance: "8.1"),
            ])
            func picture(_ query: String) async throws -> String {
                let page = try await server.get("/stores/d/s/studies/1.1" + query).text
                let rest = try #require(page.components(separatedBy: "id=\"plain\" src=\"").dropFirst().first)
                return String(rest.prefix { $0 != "\"" })
            }
            let root = "/dicomweb/d/s/studies/1.1/series/"
            #expect(try await picture("") == root + "1.1.8/instances/8.1/frames/1/rendered")
            #expect(try await picture("?series=1.1.9") == root + "1.1.9/instances/9.1/frames/1/rendered")
            #expect(
                try await picture("?series=1.1.9&instance=9.1&frame=3&window=40,400")
                    == root + "1.1.9/instances/9.1/frames/3/rendered?window=40%2E0%2C400%2E0")
            #expect(
                try await picture("?series=1.1.9&instance=9.2&frame=3&window=x,y")
                    == root + "1.1.9/instances/9.2/frames/1/rendered", "it has one frame")
            #expect(try await picture("?series=7&instance=7") == root + "1.1.8/instances/8.1/frames/1/rendered")
            for query in ["", "?series=1.1.9&instance=9.2&window=12,24"] {
                let answer = try await server.get(try await picture(query))
                #expect(answer.status == 200 && answer.headers["content-type"] == "image/jpeg")
            }
        }
    }

    @Test("Texts of files stay texts, and other scripts come as they are") func escaping() async throws {
        try await withServer { server in
            let evil = "<script>alert(1)</script>"
            try server.fill([
                instanceBytes(
                    study: "1.1", instance: "1.1.1",
                    more: person("山田^\(evil)", evil, "20240131") + [
                        .text(.studyDescription, evil), .text(.seriesDescription, evil),
                        .text(Tag(0x0009, 0x0010), evil, vr: .LO), .text(Tag(0x0009, 0x1001), evil, vr: .LO),
                    ])
            ])
            for path in ["", "/studies/1.1", "/studies/1.1/series/1.3.1/instances/1.1.1", "?name=\(evil)"] {
                let page = try await server.get("/stores/d/s" + path)
                #expect(page.status == 200 && !page.text.contains(evil), "\(path)")
                #expect(page.headers["content-security-policy"]?.contains("script-src 'self'") == true)
            }
            #expect(try await server.get("/stores/d/s").text.contains("山田, &lt;script"))
        }
    }

    @Test("Attributes have names; binary values are told by their size, items stand below their sequence")
    func attributes() async throws {
        try await withServer { server in
            let item = DataSet([.text(Tag(0x0008, 0x0100), "T-D4000")])
            try server.fill([
                instanceBytes(
                    study: "1.1", instance: "1.1.1",
                    more: [
                        .sequence(Tag(0x0008, 0x2218), [item, item]), .text(Tag(0x0009, 0x0010), "ACME"),
                        .bytes(Tag(0x0009, 0x1001), [1, 2, 3, 4], vr: .UN),
                        .text(.seriesDescription, String(repeating: "x", count: 60) + "\u{1b}[2J"),
                    ])
            ])
            let path = "/stores/d/s/studies/1.1/series/1.3.1/instances/1.1.1"
            let table = try await server.get(path + "/attributes").text
            func row(_ tag: String) throws -> String {
                let start = try #require(table.range(of: "<code>\(tag)</code>"))
                return String(table[start.lowerBound...].prefix { $0 != "\n" })
            }
            #expect(try row("(7fe0,0010)").contains("<td>Pixel Data</td><td>OW</td><td>48 bytes"))
            #expect(try row("(0009,1001)").contains("<td>Private, ACME</td><td>UN</td><td>4 bytes"))
            #expect(try row("(0008,2218)").contains("2 items"))
            #expect(table.components(separatedBy: "T-D4000").count == 3)
            #expect(try row("(0008,0016)").contains("(Secondary Capture Image Storage)"))
            #expect(!table.contains("\u{1b}"))
            #expect(try await server.get(path).text.contains(table))
        }
    }

    @Test(
        "What is not there is told as such, without a name",
        arguments: [
            ("/stores/d/none", 404), ("/stores/d/%2e%2e", 400), ("/stores/d/a%20b", 400),
            ("/stores/d/s/studies/9", 404),
            ("/stores/d/s/studies/1.1/series/1.3.1/instances/9", 404),
            ("/stores/d/s/studies/1.1/series/9/instances/1.1.1/attributes", 404),
        ])
    func missing(path: String, status: Int) async throws {
        try await withServer { server in
            try server.fill([
                instanceBytes(study: "1.1", instance: "1.1.1", more: person("Secret^Name", "P1", "20240131"))
            ])
            _ = try await server.get("/stores/d/s?name=secret")
            let page = try await server.get(path)
            #expect(page.status == status)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(!server.log.text.lowercased().contains("secret"))
        }
    }
}

@Suite("De-identifying from the pages") struct DeidentifyPageTests {
    private static let form = ["Content-Type": "application/x-www-form-urlencoded"]

    private func begin(
        _ server: TestServer, _ body: String, study: String = "1.1", headers: [String: String] = [:]
    ) async throws -> Answer {
        try await server.ask(
            "POST", "/stores/d/s/studies/\(study)/deidentify", body,
            headers: Self.form.merging(headers) { $1 })
    }

    @Test("The study arrives in the other store without its patient; the other studies stay where they are")
    func study() async throws {
        try await withServer { server in
            try server.fill([
                instanceBytes(study: "1.1", instance: "1.1.1", more: person("Secret^Name", "P1", "20240131")),
                instanceBytes(study: "1.1", instance: "1.1.2", more: person("Secret^Name", "P1", "20240131")),
                instanceBytes(study: "1.2", instance: "1.2.1", more: person("Other^Name", "P2", "20240131")),
            ])
            let begun = try await begin(server, "destination=d%2Fpublic&retain-modified-dates=on")
            #expect(begun.status == 303, "\(begun.text)")
            let place = try #require(begun.headers["location"])
            #expect(place.hasPrefix("/jobs/"))
            let context = server.server.context
            let runner = ArchiveRunner(catalog: context.catalog) { [stores = context.stores] in
                try stores.catalog()
            }
            _ = try await runner.runAll(StageContext(home: context.home, threads: 2))
            let page = try await server.get(place).text
            #expect(page.contains("data-final=\"true\"") && page.contains("d/public"), "\(page)")
            let store = try server.server.context.stores.store(DICOMStoreName("d/public"))
            let instances = try store.instances(limit: 10)
            #expect(instances.count == 2)
            for instance in instances {
                let file = try Data(contentsOf: URL(fileURLWithPath: instance.path))
                for secret in ["Secret", "P1", "1.1.1"] {
                    #expect(file.range(of: Data(secret.utf8)) == nil || secret == "P1", "\(secret)")
                }
                #expect(instance.record.study.patientID != "P1")
                #expect(instance.record.study.studyDate != "20240131" && instance.record.study.studyDate != nil)
            }
            #expect(try server.server.context.stores.store(DICOMStoreName("d/s")).counts().instances == 3)
            #expect(!server.log.text.contains("Secret"))
        }
    }

    @Test(
        "A wrong wish changes nothing",
        arguments: [
            ("destination=d%2Fs", "1.1", 400), ("destination=", "1.1", 400), ("destination=..%2Fx", "1.1", 400),
            ("destination=d%2Fp", "9", 404), ("", "1.1", 400),
        ])
    func wrong(body: String, study: String, status: Int) async throws {
        try await withServer { server in
            try server.fill([instanceBytes(study: "1.1", instance: "1.1.1")])
            let answer = try await begin(server, body, study: study)
            #expect(answer.status == status && answer.text.contains("<html"), "\(answer.text)")
            #expect(try server.server.context.stores.catalog().stores().count == 1)
            #expect(try await begin(server, "{}", headers: ["Content-Type": "text/plain"]).status == 415)
        }
    }

    @Test("Who may read looks at studies, and is led to nothing more") func roles() async throws {
        try await withServer { server in
            try server.fill([instanceBytes(study: "1.1", instance: "1.1.1")])
            let reader = ["Authorization": "Bearer \(try await server.token("reader", .read))"]
            let writer = ["Authorization": "Bearer \(try await server.token("writer", .write))"]
            let page = try await server.ask("GET", "/stores/d/s/studies/1.1", headers: reader)
            #expect(page.status == 200)
            #expect(!page.text.contains("/deidentify") && !page.text.contains("href=\"/predict"))
            #expect(try await begin(server, "destination=d%2Fp", headers: reader).status == 403)
            #expect(
                try await server.ask("GET", "/stores/d/s/studies/1.1", headers: writer).text.contains(
                    "/deidentify"))
            #expect(try await server.get("/stores").status == 401)
        }
    }
}
