import DICOM
import DICOMResults
import Foundation
import LightboxCore
import Testing

@Suite("Predictions as a structured report") struct PredictionReportTests {
    @Test("Has the tree that highdicom builds, and a comment", arguments: Case.all)
    func equalsReferenceTree(_ example: Case) throws {
        let lines = tree(try report(on: example.source()).file().reread())
        #expect(Array(lines.dropLast()) == example.report)
        #expect(lines.last?.hasPrefix("  CONTAINS | TEXT | (121106, DCM, Comment) | ") == true)
        #expect(lines.last?.hasSuffix("not for diagnostic use.") == true)
    }

    @Test("Takes over patient and study, whatever their character set", arguments: Case.all)
    func inherits(_ example: Case) throws {
        let written = try report(on: example.source()).file().reread()
        #expect(written.text("SpecificCharacterSet") == "ISO_IR 192")
        for (keyword, value) in example.inherited { #expect(written.text(keyword) == value, "\(keyword)") }
        // Type 2: there, if only empty (PS3.3 C.7.1.1, C.7.2.1).
        for keyword in ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"] {
            #expect(written.has(keyword), "\(keyword)")
        }
        #expect(!written.allTags.contains { $0.isPrivate })
    }

    @Test("Writes dates of the old form in today's")
    func normalisesDates() throws {
        var dataSet = try Case.named("film").source().dataSet
        dataSet[.studyDate] = .text(.studyDate, "1995.06.26")
        dataSet[.studyTime] = .text(.studyTime, "11:20:00.5")
        let written = try report(on: SourceImage(dataSet)).file().reread()
        #expect(written.text("StudyDate") == "19950626")
        #expect(written.text("StudyTime") == "112000.5")
    }

    @Test("Names its images as evidence, each once")
    func namesEvidence() throws {
        let source = try Case.named("frames").source()
        let written = try report(on: source).file().reread()
        let study = written.items("CurrentRequestedProcedureEvidenceSequence")
        #expect(study.map { $0.text("StudyInstanceUID") } == [source.studyInstanceUID])
        let series = study[0].items("ReferencedSeriesSequence")
        #expect(series.map { $0.text("SeriesInstanceUID") } == [source.seriesInstanceUID])
        let instances = series[0].items("ReferencedSOPSequence")
        #expect(instances.map { $0.text("ReferencedSOPInstanceUID") } == [source.sopInstanceUID])
        #expect(instances.map { $0.text("ReferencedSOPClassUID") } == [source.sopClassUID])
    }

    @Test("Is unverified, and partial when frames are left out")
    func hasFlags() throws {
        var report = try report(on: Case.named("film").source())
        let complete = try report.file().reread()
        #expect(complete.text("CompletionFlag") == "COMPLETE")
        #expect(complete.text("VerificationFlag") == "UNVERIFIED")
        #expect(complete.text("Modality") == "SR")
        report.isComplete = false
        #expect(try report.file().reread().text("CompletionFlag") == "PARTIAL")
    }

    @Test("Has the same UIDs when it is made again, others for another model, image or threshold")
    func hasDeterministicUIDs() throws {
        let source = try Case.named("film").source()
        let first = report(on: source)
        let later = PredictionReport(
            [.init(source, scores: [.init("Pneumonia", 0.1)])], by: author(time: 1_700_000_000))
        #expect(first.key == later.key)
        #expect(try first.file().serialized() == report(on: source).file().serialized())
        let written = try first.file().reread()
        #expect(written.text("SOPInstanceUID") == first.key.instance)
        #expect(written.text("SeriesInstanceUID") == first.key.series)
        #expect(first.key.study == source.studyInstanceUID)
        let others = [
            report(on: source, by: author(parameters: [])).key, try report(on: Case.named("utf8").source()).key,
            segmentation(of: source).key,
        ]
        #expect(Set(others.compactMap(\.instance) + [first.key.instance ?? ""]).count == 4)
        #expect(Set(others.compactMap(\.series) + [first.key.series ?? ""]).count == 4)
        for uid in others.compactMap(\.instance) {
            #expect(uid.wholeMatch(of: /2\.25\.[1-9][0-9]{0,38}/) != nil)
        }
    }

    @Test(
        "Tells the time in the image's own zone",
        arguments: [("film", "20200913", "212640"), ("utf8", "20200913", "122640")])
    func tellsTime(name: String, date: String, time: String) throws {
        // 1,600,000,000 seconds are 12:26:40 UTC; the film is of +0900.
        let written = try report(on: Case.named(name).source()).file().reread()
        #expect(written.text("ContentDate") == date)
        #expect(written.text("ContentTime") == time)
    }

    @Test("Refuses a score that is no number", arguments: [Float.nan, .infinity])
    func refusesNonFinite(_ score: Float) throws {
        let report = PredictionReport(
            [.init(try Case.named("film").source(), scores: [.init("Pneumonia", score)])], by: author())
        #expect(throws: DICOMError.self) { try report.file() }
    }

    @Test(
        "An image without its UIDs cannot be referred to",
        arguments: [DICOM.Tag.sopInstanceUID, .seriesInstanceUID, .sopClassUID])
    func needsUIDs(_ tag: DICOM.Tag) throws {
        var dataSet = try Case.named("film").source().dataSet
        dataSet[tag] = nil
        let error = #expect(throws: DICOMError.self) { try SourceImage(dataSet) }
        #expect(error?.tag == tag)
    }

    /// One line an item, as the script writes them.
    private func tree(_ item: DataSet, depth: Int = 0) -> [String] {
        let kind = item.text("ValueType")
        var value = ""
        switch kind {
        case "TEXT": value = item.text("TextValue")
        case "CODE": value = item.item("ConceptCodeSequence").code
        case "NUM":
            let measured = item.item("MeasuredValueSequence")
            let number = Double(measured.text("NumericValue"))!
            value = "\(number) \(measured.item("MeasurementUnitsCodeSequence").code)"
        case "IMAGE":
            let reference = item.item("ReferencedSOPSequence")
            value = [reference.text("ReferencedSOPInstanceUID"), reference.text("ReferencedFrameNumber")]
                .filter { !$0.isEmpty }.joined(separator: " ")
        case "CONTAINER":
            let template = item.item("ContentTemplateSequence")
            value = [template.text("MappingResource"), template.text("TemplateIdentifier")]
                .filter { !$0.isEmpty }.joined(separator: " ")
        default: break
        }
        let relationship = item.has("RelationshipType") ? item.text("RelationshipType") : "-"
        let parts = [relationship, kind, item.item("ConceptNameCodeSequence").code, value].filter { !$0.isEmpty }
        return [String(repeating: "  ", count: depth) + parts.joined(separator: " | ")]
            + item.items("ContentSequence").flatMap { tree($0, depth: depth + 1) }
    }
}
