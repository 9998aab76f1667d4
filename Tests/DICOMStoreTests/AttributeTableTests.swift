import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Testing
import Warehouse

@Suite("Tables after Google's schema for DICOM") struct AttributeTableTests {
    private let date = Date(timeIntervalSince1970: 1_800_000_000)

    private func export(
        _ store: DICOMStore, _ folder: String, _ form: AttributeTable = AttributeTable(),
        _ disposition: LoadDisposition = .failIfExists, of filters: [InstanceFilter] = [.all]
    ) throws -> (StageReport, Warehouse) {
        let warehouse = try Warehouse(path: folder + "/home/warehouse.db")
        let report = try store.exportAttributes(
            form, to: warehouse, table: TableName("d.t"), disposition: disposition, matchingAny: filters,
            from: Provenance(source: "test"), at: date)
        return (report, warehouse)
    }

    private func value(_ column: String, _ warehouse: Warehouse, where condition: String = "1") throws -> SQLValue
    {
        let result = try warehouse.query("SELECT \(column) AS v FROM `d.t` WHERE \(condition)")
        return try #require(result.rows.first?.first)
    }

    /// Each VR's form, by an attribute that has it.
    private var elements: [Element] {
        let code = DataSet([
            .text(Tag(0x0008, 0x0100), "T-A0100"), .text(Tag(0x0008, 0x0104), "Brain \"left\""),
            .sequence(Tag(0x0040, 0xa043), [DataSet([.text(Tag(0x0008, 0x0100), "inner")])]),
        ])
        return [
            .text(.patientBirthDate, "1970-01-31"), .text(Tag(0x0008, 0x002a), "20240131130500.25+0100"),
            .text(.windowCenter, "40", "400.5"), .sequence(Tag(0x0008, 0x2218), [code, DataSet()]),
            .text(Tag(0x0009, 0x0010), "ACME"), .text(Tag(0x0009, 0x1001), "one", "two", vr: .LO),
            .bytes(Tag(0x0009, 0x1002), [1, 2], vr: .UN), .int(Tag(0x0028, 0x0106), 3, vr: .US),
            .text(Tag(0x0010, 0x1001), "Roe^Jane=ロー", "Poe^J", vr: .PN),
            .text(.specificCharacterSet, "ISO_IR 192"),
            .text(.accessionNumber, " "), .text(.seriesDate, "1995.06.26"),
            .text(Tag(0x0008, 0x0032), "11:20:00.5"),
            .text(Tag(0x0008, 0x0090), "   "),
        ]
    }

    @Test("A column for each attribute that occurs, of the type that its VR has") func columns() async throws {
        try await withStore { store, folder in
            _ = try await store.ingest(
                try write(
                    [instanceBytes(instance: "1.1", more: elements), instanceBytes(instance: "1.2")], in: folder))
            let (report, warehouse) = try export(store, folder)
            #expect(report.written == 2 && report.problems.isEmpty)
            let schema = try #require(try warehouse.schema(of: TableName("d.t")))
            let types = Dictionary(uniqueKeysWithValues: schema.columns.map { ($0.name, $0.type) })
            #expect(types["PatientID"] == .text && types["Rows"] == .integer && types["PatientName"] == .json)
            #expect(types["PixelSpacing"] == .json && types["AnatomicRegionSequence"] == .json)
            #expect(types["PixelData"] == nil && types["metadata"] == nil && types["AccessionNumber"] == .text)
            let first = "SOPInstanceUID = '1.1'"
            #expect(try value("StudyDate", warehouse) == .text("2024-01-31"))
            #expect(try value("StudyTime", warehouse) == .text("13:05:00"))
            #expect(
                try value("AcquisitionDateTime", warehouse, where: first) == .text("2024-01-31T13:05:00.25+01:00"))
            #expect(try value("SeriesDate", warehouse, where: first) == .text("1995-06-26"))
            #expect(try value("AcquisitionTime", warehouse, where: first) == .text("11:20:00.5"))
            #expect(try value("ReferringPhysicianName", warehouse, where: first) == .null)
            #expect(try value("InstanceNumber", warehouse) == .integer(7))
            #expect(try value("PixelSpacing", warehouse) == .json("[0.5,0.25]"))
            #expect(try value("WindowCenter", warehouse, where: first) == .json("[40,400.5]"))
            #expect(try value("json_extract(ImageType, '$[0]')", warehouse) == .text("ORIGINAL"))
            #expect(
                try value("PatientName", warehouse)
                    == .json(#"{"Alphabetic":"Doe^Jane","Ideographic":null,"Phonetic":null}"#))
            #expect(
                try value("json_extract(OtherPatientNames, '$[0].Ideographic')", warehouse, where: first)
                    == .text("ロー"))
            #expect(try value("AccessionNumber", warehouse, where: first) == .null)
            #expect(
                try value("AnatomicRegionSequence", warehouse, where: first)
                    == .json(
                        #"[{"CodeValue":"T-A0100","CodeMeaning":"Brain \"left\"","ConceptNameCodeSequence":[{"CodeValue":"inner"}]},{}]"#
                    ))
            #expect(try value("TransferSyntaxUID", warehouse) == .text("1.2.840.10008.1.2.1"))
        }
    }

    @Test("Private attributes, binary values and wrong ones are told apart") func othersAndDropped() async throws {
        try await withStore { store, folder in
            _ = try await store.ingest(try write([instanceBytes(instance: "1.1", more: elements)], in: folder))
            let (_, warehouse) = try export(store, folder)
            #expect(
                try value("OtherElements", warehouse)
                    == .json(
                        #"[{"Tag":"Tag_00090010","Data":["ACME"]},{"Tag":"Tag_00091001","Data":["one","two"]}]"#))
            #expect(
                try value("DroppedTags", warehouse)
                    == .json(#"["Tag_00091002","PatientBirthDate"]"#))
        }
    }

    @Test func jsonSchemaHasFourColumns() async throws {
        try await withStore { store, folder in
            _ = try await store.ingest(try write([instanceBytes(instance: "1.1")], in: folder))
            let (_, warehouse) = try export(store, folder, AttributeTable(isJSON: true, source: "here"))
            let schema = try #require(try warehouse.schema(of: TableName("d.t")))
            #expect(
                schema.columns.map(\.name) == [
                    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Metadata", "SourceDicomStore",
                ])
            #expect(try value("json_extract(Metadata, '$.00280010.Value[0]')", warehouse) == .integer(4))
            #expect(try value("SourceDicomStore", warehouse) == .text("here"))
        }
    }

    @Test("A table is added to with columns that it lacks; only what was asked for is written") func appends()
        async throws
    {
        try await withStore { store, folder in
            _ = try await store.ingest(
                try write(
                    [instanceBytes(instance: "1.1"), instanceBytes(instance: "1.2", more: elements)], in: folder))
            _ = try export(store, folder, of: [InstanceFilter(sopInstanceUID: "1.1")])
            #expect(throws: WarehouseError.self) { try export(store, folder) }
            let (report, warehouse) = try export(
                store, folder, AttributeTable(), .append, of: [InstanceFilter(sopInstanceUID: "1.2")])
            #expect(report.written == 1)
            #expect(try warehouse.rowCount(of: TableName("d.t")) == 2)
            #expect(try value("WindowCenter", warehouse, where: "SOPInstanceUID = '1.1'") == .null)
            #expect(try value("WindowCenter", warehouse, where: "SOPInstanceUID = '1.2'") == .json("[40,400.5]"))
        }
    }
}
