import DICOM
import Database
import Foundation
import LightboxCore

/// The parts of the index that a search needs beside the columns.
enum SearchIndex {
    static let nameColumns = ["store_id", "role", "word", "study"]

    /// Rows of `dicom_name`.
    ///
    /// - Parameter names: of the patient and of the referring physician.
    static func nameRows(_ names: [String?], study: Int64, store: Int64) -> [[ColumnValue]] {
        names.enumerated().flatMap { role, name in
            (name.map(PersonWords.entries) ?? []).sorted().map { word in
                [.integer(store), .integer(Int64(role)), .text(word), .integer(study)]
            }
        }
    }

    /// Brings an index of an earlier version up to date: names from its rows, attributes from one file a series.
    static func fill(_ database: SQLTransaction, home: Home) throws {
        let studies = try database.all(
            "SELECT id, store_id, patient_name, referring_physician FROM dicom_study")
        for study in studies {
            let names: [String?] = [try study.get(2), try study.get(3)]
            for row in nameRows(names, study: try study.get(0), store: try study.get(1)) {
                try database.execute(
                    "INSERT INTO dicom_name (store_id, role, word, study) VALUES (?, ?, ?, ?)",
                    SQLArguments(values: row))
            }
        }
        let series = try database.all(
            """
            SELECT e.id, e.study, t.dataset, t.name,
            (SELECT content_hash FROM dicom_instance WHERE series = e.id LIMIT 1)
            FROM dicom_series e JOIN dicom_study s ON s.id = e.study JOIN dicom_store t ON t.id = s.store_id
            """)
        for row in series {
            guard let digest = try row.get(4, as: [UInt8]?.self), let hash = ContentHash(digest: digest) else {
                continue
            }
            let root = try home.dicomStore(dataset: row.get(2), store: row.get(3))
            let path = "\(root)/instances/\(hash.description.prefix(2))/\(hash).dcm"
            // A file that is gone is for `verify` to tell.
            guard let file = try? DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true)) else {
                continue
            }
            let levels = LevelAttributes(of: file.dataSet)
            try database.execute(
                "UPDATE dicom_series SET attributes = ? WHERE id = ?", [levels.series, row.get(0, as: Int64.self)])
            try database.execute(
                "UPDATE dicom_study SET attributes = ? WHERE id = ?", [levels.study, row.get(1, as: Int64.self)])
        }
    }
}
