import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Pipelines
import Server
import Testing
import Warehouse
import WireFormats

@Suite("healthcare v1: datasets, DICOM stores, operations") struct HealthcareTests {
    private let datasets = "/v1/projects/p/locations/l/datasets"
    private var dataset: String { datasets + "/d" }
    private var store: String { dataset + "/dicomStores/s" }

    private func image(_ number: Int, series: Int = 1) throws -> [UInt8] {
        let data = DataSet([
            .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7"), .text(.sopInstanceUID, "1.2.\(series).\(number)"),
            .text(.studyInstanceUID, "1.2"), .text(.seriesInstanceUID, "1.2.\(series)"), .text(.modality, "OT"),
            .text(.patientName, "Quetzal^Ann"), .text(.patientID, "QX4711"), .uint16(.rows, 4),
            .uint16(.columns, 4), .uint16(.samplesPerPixel, 1), .uint16(.bitsAllocated, 8),
            .uint16(.bitsStored, 8),
            .uint16(.highBit, 7), .uint16(.pixelRepresentation, 0),
            .text(.photometricInterpretation, "MONOCHROME2"),
            .bytes(.pixelData, Array(repeating: UInt8(number), count: 16), vr: .OB),
        ])
        return try DICOMFile(dataSet: data).serialized()
    }

    /// Dataset `d` with store `s`, and images 1 to 3 in `gs://in`.
    private func withArchive(_ body: (TestServer) async throws -> Void) async throws {
        try await withServer { server in
            try await server.post(datasets + "?datasetId=d", "{}")
            try await server.post(dataset + "/dicomStores?dicomStoreId=s", "{}")
            let bucket = server.server.context.home.buckets + "/in"
            try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
            for number in 1...3 {
                try Data(image(number, series: number == 3 ? 2 : 1)).write(
                    to: URL(fileURLWithPath: "\(bucket)/\(number).dcm"))
            }
            try await body(server)
        }
    }

    /// Does what waits in the archive's queue, and gives the operation that an answer holds.
    private func end(of answer: Answer, _ server: TestServer) async throws -> JSONValue {
        #expect(answer.status == 200, "\(answer.text)")
        let context = server.server.context
        let runner = ArchiveRunner(catalog: context.catalog) { [stores = context.stores] in try stores.catalog() }
        _ = try await runner.runAll(StageContext(home: context.home, threads: 2))
        return try await server.get("/v1/" + (answer.json["name"]?.string ?? "")).json
    }

    @Test("A dataset is an operation's result, is changed at once, and goes with its stores") func dataSets()
        async throws
    {
        try await withServer { server in
            #expect(try await server.get(datasets).text == "{}")
            let made = try await server.post(datasets + "?datasetId=d&alt=json", #"{"timeZone": "Europe/Berlin"}"#)
            #expect(made.json["done"]?.bool == true)
            let name = try #require(made.json["name"]?.string)
            #expect(name.hasPrefix("projects/p/locations/l/datasets/d/operations/"))
            #expect(
                made.json["response"]?["@type"]?.string
                    == "type.googleapis.com/google.cloud.healthcare.v1.dataset.Dataset")
            #expect(made.json["response"]?["name"]?.string == "projects/p/locations/l/datasets/d")
            #expect(
                made.json["metadata"]?["apiMethodName"]?.string
                    == "google.cloud.healthcare.v1.dataset.DatasetService.CreateDataset")
            #expect(try await server.get("/v1/" + name).json["response"] == made.json["response"])
            let patched = try await server.ask(
                "PATCH", dataset + "?updateMask=time_zone", #"{"time_zone": "UTC"}"#)
            #expect(patched.json["timeZone"]?.string == "UTC")
            #expect(try await server.get(dataset).json == patched.json)
            #expect(try await server.post(dataset + "/dicomStores?dicomStoreId=s", "").status == 200)
            #expect(try await server.ask("DELETE", dataset).text == "{}")
            #expect(try await server.get(store).status == 404)
            #expect(try await server.get("/v1/" + name).json["done"]?.bool == true)
        }
    }

    @Test(
        "A caller's mistake has its status",
        arguments: [
            ("POST", "?datasetId=d", "{}", 409, "ALREADY_EXISTS"), ("POST", "", "{}", 400, "INVALID_ARGUMENT"),
            ("POST", "?datasetId=a%2Fb", "{}", 400, "INVALID_ARGUMENT"),
            ("POST", "?datasetId=x", #"{"color": 1}"#, 400, "INVALID_ARGUMENT"),
            ("POST", "?datasetId=x", #"{"timeZone": "Mars/North"}"#, 400, "INVALID_ARGUMENT"),
            ("POST", "?datasetId=x", #"{"encryptionSpec": {"kmsKeyName": "k"}}"#, 400, "FAILED_PRECONDITION"),
            ("GET", "?pageSize=-1", "", 400, "INVALID_ARGUMENT"), ("GET", "/none", "", 404, "NOT_FOUND"),
            ("PATCH", "/d", "{}", 400, "INVALID_ARGUMENT"),
            ("PATCH", "/d?updateMask=name", "{}", 400, "INVALID_ARGUMENT"),
            ("DELETE", "/none", "", 404, "NOT_FOUND"),
            ("POST", "/d/dicomStores?dicomStoreId=s", "{}", 409, "ALREADY_EXISTS"),
            ("POST", "/none/dicomStores?dicomStoreId=s", "{}", 404, "NOT_FOUND"),
            ("POST", "/d/dicomStores/none:import", #"{"gcsSource": {"uri": "gs://in/*"}}"#, 404, "NOT_FOUND"),
            ("POST", "/d/dicomStores/s:import", "{}", 400, "INVALID_ARGUMENT"),
            ("POST", "/d/dicomStores/s:import", #"{"gcsSource": {"uri": "/etc/*"}}"#, 400, "INVALID_ARGUMENT"),
            (
                "POST", "/d/dicomStores/s:import", #"{"gcsSource": {"uri": "gs://in/../x"}}"#, 400,
                "INVALID_ARGUMENT"
            ),
            ("POST", "/d/dicomStores/s:export", "{}", 400, "INVALID_ARGUMENT"),
            (
                "POST", "/d/dicomStores/s:export",
                #"{"gcsDestination": {"uriPrefix": "gs://o", "mimeType": "image/gif"}}"#, 400, "INVALID_ARGUMENT"
            ),
            (
                "POST", "/d/dicomStores/s:export", #"{"bigqueryDestination": {"tableUri": "bq://p.t"}}"#, 400,
                "INVALID_ARGUMENT"
            ),
            (
                "POST", "/d/dicomStores/s:export", #"{"bigqueryDestination": {"tableUri": "bq://p.d.a b"}}"#, 400,
                "INVALID_ARGUMENT"
            ),
            (
                "POST", "/d/dicomStores/s:deidentify",
                #"{"destinationStore": "projects/p/locations/l/datasets/d/dicomStores/s"}"#, 400,
                "INVALID_ARGUMENT"
            ),
            ("POST", "/d:deidentify", #"{"destinationDataset": "d2"}"#, 400, "INVALID_ARGUMENT"),
            (
                "POST", "/d:deidentify", #"{"destinationDataset": "projects/p/locations/l/datasets/d"}"#, 409,
                "ALREADY_EXISTS"
            ),
            (
                "POST", "/d:deidentify",
                #"{"destinationDataset": "projects/p/locations/l/datasets/e", "config": {"image": {"textRedactionMode": "REDACT_ALL_TEXT"}}}"#,
                400, "FAILED_PRECONDITION"
            ),
            ("GET", "/d/operations/none", "", 404, "NOT_FOUND"),
            ("GET", "/d/dicomStores/s/dicomWeb/studies/1.9:getStudyMetrics", "", 404, "NOT_FOUND"),
        ])
    func refuses(method: String, path: String, body: String, status: Int, name: String) async throws {
        try await withArchive { server in
            let answer = try await server.ask(method, datasets + path, body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.errorStatus == name)
        }
    }

    @Test("Settings of a store come back; lists have pages and conditions") func stores() async throws {
        try await withArchive { server in
            let body =
                #"{"labels": {"kind": "test"}, "notificationConfig": {"pubsubTopic": "projects/p/topics/t", "sendForBulkImport": true}}"#
            let made = try await server.post(dataset + "/dicomStores?dicomStoreId=t", body)
            #expect(made.json["name"]?.string == "projects/p/locations/l/datasets/d/dicomStores/t")
            #expect(made.json["notificationConfig"]?["sendForBulkImport"]?.bool == true)
            #expect(try await server.get(dataset + "/dicomStores/t").json == made.json)
            let page = try await server.get(dataset + "/dicomStores?pageSize=1").json
            #expect(page["dicomStores"]?.elements?.count == 1)
            let token = try #require(page["nextPageToken"]?.string)
            let rest = try await server.get(dataset + "/dicomStores?pageSize=1&pageToken=\(token)").json
            #expect(rest["dicomStores"]?.elements?.first == made.json && rest["nextPageToken"] == nil)
            let found = try await server.get(dataset + "/dicomStores?filter=labels.kind%3Dtest").json
            #expect(found["dicomStores"]?.elements?.count == 1)
            let patched = try await server.ask(
                "PATCH", dataset + "/dicomStores/t?updateMask=labels",
                #"{"labels": {"a": "b"}, "streamConfigs": []}"#)
            #expect(patched.json["labels"]?["a"]?.string == "b" && patched.json["labels"]?["kind"] == nil)
            #expect(patched.json["notificationConfig"] != nil && patched.json["streamConfigs"] == nil)
            let granted = try await server.post(
                dataset + "/dicomStores/t:testIamPermissions", #"{"permissions": ["healthcare.dicomStores.get"]}"#)
            #expect(granted.json["permissions"]?.elements?.count == 1)
            #expect(try await server.get(dataset + "/dicomStores/none:getIamPolicy").status == 404)
        }
    }

    @Test("From the bucket into the store, and out as pictures, a table and a copy without names")
    func wholeWalk() async throws {
        try await withArchive { server in
            let imported = try await end(
                of: server.post(store + ":import", #"{"gcsSource": {"uri": "gs://in/*.dcm"}}"#), server)
            #expect(imported["metadata"]?["counter"]?["success"]?.string == "3")
            #expect(imported["metadata"]?["counter"]?["failure"] == nil)
            #expect(
                imported["response"]?["@type"]?.string
                    == "type.googleapis.com/google.cloud.healthcare.v1.dicom.ImportDicomDataResponse")
            let metrics = try await server.get(store + ":getDICOMStoreMetrics").json
            #expect(metrics["instanceCount"]?.string == "3" && metrics["seriesCount"]?.string == "2")
            let study = try await server.get(store + "/dicomWeb/studies/1.2:getStudyMetrics").json
            #expect(study["study"]?.string == "1.2" && study["instanceCount"]?.string == "3")
            let series = try await server.get(store + "/dicomWeb/studies/1.2/series/1.2.1:getSeriesMetrics").json
            #expect(series["instanceCount"]?.string == "2" && series["studyCount"] == nil)
            #expect(try await server.get(store + "/dicomWeb/studies/1.2/series").json.elements?.count == 2)

            let table = try await end(
                of: server.post(
                    store + ":export",
                    #"{"bigqueryDestination": {"tableUri": "bq://p.d.scans", "includeSourceStore": true}}"#),
                server)
            #expect(table["metadata"]?["counter"]?["success"]?.string == "3")
            let warehouse = try Warehouse(home: server.server.context.home)
            #expect(
                try warehouse.query("SELECT DISTINCT PatientID, SourceDicomStore FROM `d.scans`").rows
                    == [[.text("QX4711"), .text("projects/p/locations/l/datasets/d/dicomStores/s")]])
            let refused = try await end(
                of: server.post(store + ":export", #"{"bigquery_destination": {"table_uri": "bq://p.d.scans"}}"#),
                server)
            #expect(refused["error"]?["code"]?.integer == 6 && refused["response"] == nil)
            let forced = try await end(
                of: server.post(
                    store + ":export", #"{"bigqueryDestination": {"tableUri": "bq://p.d.scans", "force": true}}"#),
                server)
            #expect(forced["done"]?.bool == true && forced["error"] == nil)

            let pictures = try await end(
                of: server.post(
                    store + ":export", #"{"gcsDestination": {"uriPrefix": "gs://out/", "mimeType": "image/png"}}"#),
                server)
            #expect(pictures["metadata"]?["counter"]?["success"]?.string == "3")
            #expect(try FileTree.files(below: server.server.context.home.buckets + "/out").count == 3)

            let copied = try await end(
                of: server.post(
                    dataset + ":deidentify", #"{"destinationDataset": "projects/x/locations/y/datasets/open"}"#),
                server)
            #expect(
                copied["response"]?["@type"]?.string
                    == "type.googleapis.com/google.cloud.healthcare.v1.deidentify.DeidentifySummary")
            let found = try await server.get(datasets + "/open/dicomStores/s/dicomWeb/studies")
            #expect(
                found.json.elements?.count == 1 && !found.text.contains("Quetzal")
                    && !found.text.contains("QX4711"))

            let list = try await server.get(dataset + "/operations").json
            #expect(list["operations"]?.elements?.count == 7)
            #expect(
                try await server.get(dataset + "/operations?filter=state:FAILED").json["operations"]?.elements?
                    .count == 1)
            // The other services go on without them.
            #expect(try await server.get("/v1/projects/p/jobs").text == "{}")
            let id = try #require(list["operations"]?.elements?.first?["name"]?.string?.split(separator: "/").last)
            #expect(try await server.get("/v1/projects/p/jobs/\(id)").status == 404)
            #expect(try await server.get("/jobs").status == 200)
            #expect(try await server.get("/jobs/\(id)").status == 200)
        }
    }

    @Test("Studies and series are deleted by an operation that is done, instances with nothing to say")
    func deletes() async throws {
        try await withArchive { server in
            _ = try await end(
                of: server.post(store + ":import", #"{"gcsSource": {"uri": "gs://in/*.dcm"}}"#), server)
            let series = store + "/dicomWeb/studies/1.2/series/1.2.1"
            #expect(try await server.ask("DELETE", series + "/instances/1.2.1.1").text == "{}")
            let first = try await server.ask("DELETE", series).json
            #expect(first["done"]?.bool == true)
            #expect(first["response"]?["@type"]?.string == "type.googleapis.com/google.protobuf.Empty")
            #expect(try await server.get("/v1/" + (first["name"]?.string ?? "")).json == first)
            let second = try await server.ask("DELETE", store + "/dicomWeb/studies/1.2").json
            #expect(
                second["metadata"]?["apiMethodName"]?.string
                    == "google.cloud.healthcare.v1.dicom.DicomService.DeleteStudy")
            let missing = try await server.ask("DELETE", store + "/dicomWeb/studies/1.2")
            #expect(missing.status == 404)
            #expect(try await server.ask("DELETE", "/dicomweb/d/s/studies/1.2").status == 404)
        }
    }

    @Test("A store that another process deletes and makes anew is the new one, soon") func noticesDeletion()
        async throws
    {
        try await withArchive { server in
            _ = try await end(
                of: server.post(store + ":import", #"{"gcsSource": {"uri": "gs://in/*.dcm"}}"#), server)
            let studies = store + "/dicomWeb/studies"
            #expect(try await server.get(studies).json.elements?.count == 1)
            let other = try DICOMCatalog(home: server.server.context.home)
            let name = try DICOMStoreName("d/s")
            try other.delete(name)
            for _ in 0..<100 where try await server.get(studies).status == 200 {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await server.get(studies).status == 404)
            let bytes = try image(7)
            _ = try other.createStore(name).ingest(Bytes(bytes), from: "test")
            #expect(try await server.get(studies).json.elements?.count == 1)
        }
    }

    @Test("An operation that waits is cancelled; one that has ended stays as it is") func cancels() async throws {
        try await withArchive { server in
            let made = try await server.post(store + ":import", #"{"gcsSource": {"uri": "gs://in/*.dcm"}}"#)
            let name = "/v1/" + (made.json["name"]?.string ?? "")
            #expect(made.json["done"] == nil)
            #expect(try await server.post(name + ":cancel", "").text == "{}")
            let cancelled = try await server.get(name).json
            #expect(cancelled["error"]?["code"]?.integer == 1)
            #expect(cancelled["metadata"]?["cancelRequested"]?.bool == true)
            #expect(try await server.post(name + ":cancel", "{}").text == "{}")
            #expect(try await server.get(name).json == cancelled)
        }
    }
}
