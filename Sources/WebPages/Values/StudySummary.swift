/// A study as lists show it. Texts are those of the file; dates and times have DICOM's form.
public struct StudySummary: Sendable {
    public var uid: String
    public var patientName = ""
    public var patientID = ""
    public var birthDate = ""
    public var sex = ""
    public var date = ""
    public var time = ""
    public var accessionNumber = ""
    public var description = ""
    public var modalities: [String] = []
    public var seriesCount = 0
    public var instanceCount = 0

    public init(uid: String) { self.uid = uid }

    /// What it is called where there is room for one name.
    var title: String {
        description.isEmpty ? "Study of \(DICOMText.date(date, or: "an unknown day"))" : description
    }
}

/// A series of a study.
public struct SeriesSummary: Sendable {
    public var uid: String
    public var number: Int?
    public var modality = ""
    public var description = ""
    public var bodyPart = ""
    public var instanceCount = 0

    public init(uid: String) { self.uid = uid }

    /// Kinds of objects that have no picture (PS3.3 C.7.3.1.1.1).
    private static let pictureless: Set<String> = [
        "SR", "PR", "KO", "RTSTRUCT", "RTPLAN", "RTRECORD", "DOC", "ECG", "EPS", "HD", "REG", "FID", "RWV", "PLAN",
        "AU", "SEGSURF", "M3D", "ASMT",
    ]

    public var mayHavePicture: Bool { !Self.pictureless.contains(modality) }
    var title: String { description.isEmpty ? number.map { "Series \($0)" } ?? "Series" : description }
}

/// What studies are looked for by; empty texts mean everything.
public struct StudySearch: Sendable, Hashable {
    public var patientName = ""
    public var patientID = ""
    /// `2024-01-31`, as a browser's field for dates gives it.
    public var from = ""
    public var to = ""
    public var modality = ""
    public var accessionNumber = ""
    public var isByPatient = false

    public init() {}

    var isEmpty: Bool {
        var other = self
        other.isByPatient = false
        return other == StudySearch()
    }

    func query(offset: Int = 0) -> String {
        PagePath.query([
            "name": patientName, "patient": patientID, "from": from, "to": to, "modality": modality,
            "accession": accessionNumber, "sort": isByPatient ? "patient" : "",
            "offset": offset == 0 ? "" : "\(offset)",
        ])
    }
}
