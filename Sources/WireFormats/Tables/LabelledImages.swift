import LightboxCore

/// A CSV of image paths with whatever else is known of each image.
package struct LabelledImages {
    /// Names of the columns; made up (`path`, `label`, `column3`…) when the file has no header.
    package let header: [String]
    package let rows: [[String]]
    package let pathColumn: Int
    /// Whether the first line was names; then row 0 is the file's second line.
    package let hasHeader: Bool

    private static let pathNames = [
        "path", "image", "image_path", "image_uri", "file", "filename", "file_name", "uri",
    ]

    /// What a column that keeps a patient's images together is usually called.
    package static let patientNames = ["patient", "patient_id", "patientid", "subject_id", "subject"]

    /// - Parameter pathColumn: the name of the column of paths, where it is none of the usual ones.
    package init(csv path: String, pathColumn wanted: String? = nil) throws {
        let reader = try CSVReader(path: path, hasHeader: false)
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(row.fields) }
        guard let first = rows.first, !first.isEmpty else {
            throw RecordError(.malformedCSV, file: path, remedy: "The CSV is empty.")
        }
        // Without a header the first line is already an image, as in the transfer-learning workflow.
        let lowered = first.map { $0.lowercased() }
        let pathNames = wanted.map { [$0.lowercased()] } ?? Self.pathNames
        hasHeader = lowered.contains { pathNames.contains($0) } || !first.contains { $0.contains(".") }
        if hasHeader { rows.removeFirst() }
        let made = first.indices.map { $0 == 0 ? "path" : $0 == 1 ? "label" : "column\($0 + 1)" }
        header = hasHeader ? first : made
        let named = lowered.firstIndex { pathNames.contains($0) }
        guard !hasHeader || named != nil else {
            let columns = first.joined(separator: ", ")
            let names = wanted ?? "of image paths (path, image, file, …)"
            throw RecordError(.malformedCSV, file: path, remedy: "There is no column \(names); it has \(columns).")
        }
        pathColumn = named ?? 0
        let width = header.count
        if let odd = rows.firstIndex(where: { $0.count != width }) {
            let line = odd + (hasHeader ? 2 : 1)
            throw RecordError(
                .malformedCSV, file: path,
                remedy: "Record \(line) has \(rows[odd].count) fields, the first has \(width).")
        }
        self.rows = rows
    }

    /// The column of that name, whatever its case.
    package func column(_ name: String) -> Int? {
        header.firstIndex { $0.lowercased() == name.lowercased() }
    }
}
