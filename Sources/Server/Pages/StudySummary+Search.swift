import DICOM
import DICOMStore
import WebPages

extension StorePlace {
    init(_ name: DICOMStoreName) { self.init(dataset: name.dataset, store: name.store) }
}

extension StudySummary {
    /// A search that answers with what a list shows.
    static var query: AttributeQuery {
        AttributeQuery(
            level: .study, isFuzzy: true,
            fields: .tags([
                .specificCharacterSet, .studyInstanceUID, .patientName, .patientID, .patientBirthDate, .patientSex,
                .studyDate, .studyTime,
                .accessionNumber, .studyDescription, .modalitiesInStudy, .numberOfStudyRelatedSeries,
                .numberOfStudyRelatedInstances,
            ]))
    }

    /// What a search has found.
    init(_ found: DataSet) {
        self.init(uid: found.string(.studyInstanceUID) ?? "")
        patientName = found.string(.patientName) ?? ""
        patientID = found.string(.patientID) ?? ""
        birthDate = found.string(.patientBirthDate) ?? ""
        sex = found.string(.patientSex) ?? ""
        date = found.string(.studyDate) ?? ""
        time = found.string(.studyTime) ?? ""
        accessionNumber = found.string(.accessionNumber) ?? ""
        description = found.string(.studyDescription) ?? ""
        modalities = found.strings(.modalitiesInStudy).flatMap { $0.split(separator: "\\").map(String.init) }
        seriesCount = found.int(.numberOfStudyRelatedSeries) ?? 0
        instanceCount = found.int(.numberOfStudyRelatedInstances) ?? 0
    }
}

extension SeriesSummary {
    static var query: AttributeQuery {
        AttributeQuery(
            level: .series,
            fields: .tags([
                .specificCharacterSet, .seriesInstanceUID, .seriesNumber, .modality, .seriesDescription,
                .bodyPartExamined,
                .numberOfSeriesRelatedInstances,
            ]), limit: 5000)
    }

    init(_ found: DataSet) {
        self.init(uid: found.string(.seriesInstanceUID) ?? "")
        number = found.int(.seriesNumber)
        modality = found.string(.modality) ?? ""
        description = found.string(.seriesDescription) ?? ""
        bodyPart = found.string(.bodyPartExamined) ?? ""
        instanceCount = found.int(.numberOfSeriesRelatedInstances) ?? 0
    }
}

extension StudySearch {
    init(_ query: Query) {
        self.init()
        func text(_ name: String) -> String { String((query[name] ?? "").prefix(64)) }
        patientName = text("name")
        patientID = text("patient")
        (from, to) = (text("from"), text("to"))
        modality = text("modality").uppercased()
        accessionNumber = text("accession")
        isByPatient = query["sort"] == "patient"
    }

    /// The same for the index.
    ///
    /// - Throws: ``ServerError`` for a date that is none.
    func attributeQuery() throws -> AttributeQuery {
        var query = StudySummary.query
        query.order = isByPatient ? .patient : .newest
        for (tag, value) in [
            (Tag.patientName, patientName), (.patientID, patientID), (.modality, modality),
            (.accessionNumber, accessionNumber),
        ] where !value.isEmpty {
            query.terms.append(.init(tag, value))
        }
        if !from.isEmpty || !to.isEmpty {
            query.terms.append(.init(.studyDate, "\(try Self.day(from))-\(try Self.day(to))"))
        }
        return query
    }

    /// `2024-01-31` as DICOM writes it.
    private static func day(_ text: String) throws -> String {
        let digits = text.replacing("-", with: "")
        guard text.isEmpty || digits.utf8.count == 8 && digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw ServerError(.invalidArgument, "A day is written as 2024-01-31.") }
        return digits
    }
}

extension Tag {
    fileprivate static let modalitiesInStudy = Tag(0x0008, 0x0061)
    fileprivate static let numberOfStudyRelatedSeries = Tag(0x0020, 0x1206)
    fileprivate static let numberOfStudyRelatedInstances = Tag(0x0020, 0x1208)
    fileprivate static let numberOfSeriesRelatedInstances = Tag(0x0020, 0x1209)
}
