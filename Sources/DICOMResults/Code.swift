import DICOM

/// A coded concept: a value that means something in a coding scheme, and how people read it (PS3.3 section 8.8).
public struct Code: Sendable, Hashable {
    public let value: String
    /// `SCT`, `DCM`, `UCUM`, or ``ownScheme``.
    public let scheme: String
    public let meaning: String

    public init(_ value: String, _ scheme: String, _ meaning: String) {
        self.value = value
        self.scheme = scheme
        self.meaning = meaning
    }

    /// The coding scheme of labels that no standard has a code for: a label is its own code.
    public static let ownScheme = "99LIGHTBOX"

    /// The Code Sequence Macro. More than sixteen characters need another attribute (PS3.3 section 8.1).
    var item: DataSet {
        DataSet([
            value.unicodeScalars.count <= 16 ? .text(.codeValue, value) : .text(.longCodeValue, value),
            .text(.codingSchemeDesignator, scheme),
            .text(.codeMeaning, meaning.fitting(64)),
        ])
    }

    /// The item that says what the private scheme is.
    static let ownSchemeItem = DataSet([
        .text(.codingSchemeDesignator, ownScheme),
        .text(.codingSchemeName, "Labels of models, each its own code"),
        .text(.codingSchemeResponsibleOrganization, "Lightbox"),
    ])
}

extension String {
    /// At most so many characters, and none that divides values or controls a device.
    func fitting(_ limit: Int) -> String {
        let scalars = unicodeScalars.map { $0 == "\\" ? "/" : $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars.prefix(limit))
        return String(text)
    }
}
