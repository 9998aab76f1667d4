import DICOM
import Foundation
import GRDB
import LightboxCore

/// The parts of the index that a search needs beside the columns.
enum SearchIndex {
    static func addNames(
        of study: InstanceRecord.Study, id: Int64, store: Int64, _ database: Database
    ) throws {
        try addNames([study.patientName, study.referringPhysicianName], id: id, store: store, database)
    }

    private static func addNames(_ names: [String?], id: Int64, store: Int64, _ database: Database) throws {
        let insertion = try database.cachedStatement(
            sql: "INSERT INTO dicom_name (store_id, role, word, study) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        for (role, name) in names.enumerated() {
            guard let name else { continue }
            for word in PersonWords.entries(of: name).sorted() {
                try insertion.execute(arguments: [store, role, word, id])
            }
        }
    }

    /// Brings an index of an earlier version up to date: names from its rows, attributes from one file a series.
    static func fill(_ database: Database, home: Home) throws {
        let studies = try Row.fetchAll(
            database, sql: "SELECT id, store_id, patient_name, referring_physician FROM dicom_study")
        for row in studies {
            try addNames([row[2], row[3]], id: row[0], store: row[1], database)
        }
        let series = try Row.fetchAll(
            database,
            sql: """
                SELECT e.id, e.study, t.dataset, t.name,
                (SELECT content_hash FROM dicom_instance WHERE series = e.id LIMIT 1)
                FROM dicom_series e JOIN dicom_study s ON s.id = e.study JOIN dicom_store t ON t.id = s.store_id
                """)
        for row in series {
            guard let digest = row[4] as Data?, let hash = ContentHash(digest: digest) else { continue }
            let root = try home.dicomStore(dataset: row[2], store: row[3])
            let path = "\(root)/instances/\(hash.description.prefix(2))/\(hash).dcm"
            // A file that is gone is for `verify` to tell.
            guard let file = try? DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true)) else {
                continue
            }
            let levels = LevelAttributes(of: file.dataSet)
            try database.execute(
                sql: "UPDATE dicom_series SET attributes = ? WHERE id = ?", arguments: [levels.series, row[0] as Int64])
            try database.execute(
                sql: "UPDATE dicom_study SET attributes = ? WHERE id = ?", arguments: [levels.study, row[1] as Int64])
        }
    }
}
