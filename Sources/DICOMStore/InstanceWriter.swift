import Database
import Foundation
import LightboxCore

/// Writes index rows within one transaction that has the store locked; studies and series are looked up once.
///
/// Rows of instances and names wait for each other: PostgreSQL takes many at once by COPY.
struct InstanceWriter {
    private struct SeriesKey: Hashable {
        let study: Int64
        let uid: String
    }

    private let database: SQLTransaction
    private let store: Int64
    private var studies: [String: Int64] = [:]
    private var series: [SeriesKey: Int64] = [:]
    private var instances: [[ColumnValue]] = []
    private var names: [[ColumnValue]] = []
    private static let mostWaiting = 4096

    init(_ database: SQLTransaction, store: Int64) { (self.database, self.store) = (database, store) }

    /// What the store has under some UIDs.
    func hashes(of uids: [String]) throws -> [String: ContentHash] {
        let dialect = database.dialect
        let rows = try database.all(
            """
            SELECT sop_uid, content_hash FROM dicom_instance
            WHERE store_id = ? AND \(dialect.isAmong("sop_uid", type: "TEXT"))
            """, [store, dialect.list(uids: Set(uids))])
        var hashes: [String: ContentHash] = [:]
        for row in rows { hashes[try row.get(0)] = ContentHash(digest: try row.get(1)) }
        return hashes
    }

    /// Makes room for a new file under a known UID, and remembers the one that stood there.
    mutating func keepRevision(of uid: String) throws {
        try flush()
        try database.execute(
            """
            INSERT INTO dicom_revision (store_id, sop_uid, content_hash, size, replaced)
            SELECT store_id, sop_uid, content_hash, size, ?3 FROM dicom_instance
            WHERE store_id = ?1 AND sop_uid = ?2
            """, [store, uid, Date().timeIntervalSince1970])
        let row = try database.first(
            """
            SELECT i.id, i.series, s.study FROM dicom_instance i JOIN dicom_series s ON s.id = i.series
            WHERE i.store_id = ? AND i.sop_uid = ?
            """, [store, uid])
        guard let row else { return }
        try database.execute("DELETE FROM dicom_instance WHERE id = ?", [row.get("id", as: Int64.self)])
        // The new file may belong elsewhere.
        try DICOMStore.removeEmpty([row], database)
        (studies, series) = ([:], [:])
    }

    mutating func insert(_ file: IncomingFile.Accepted) throws {
        try insert(file.record, file.levels, hash: file.hash, size: file.size)
    }

    /// What it adds is in the index after ``flush()``.
    mutating func insert(
        _ record: InstanceRecord, _ levels: LevelAttributes, hash: ContentHash, size: Int
    ) throws {
        let series = try series(of: record.series, levels, study: study(of: record.study, levels))
        let instance = record.instance
        let values: SQLArguments = [
            store, series, instance.sopInstanceUID, instance.sopClassUID, instance.transferSyntaxUID,
            instance.instanceNumber, instance.patientAge, instance.viewPosition, instance.rows, instance.columns,
            instance.numberOfFrames, instance.bitsAllocated, instance.photometricInterpretation, hash.digest, size,
        ]
        instances.append(values.values)
        if instances.count >= Self.mostWaiting { try flush() }
    }

    mutating func flush() throws {
        try write(
            instances, into: "dicom_instance",
            [
                "store_id", "series", "sop_uid", "sop_class", "transfer_syntax", "instance_number", "patient_age",
                "view_position", "rows", "columns", "frames", "bits_allocated", "photometric", "content_hash",
                "size",
            ])
        try write(names, into: "dicom_name", SearchIndex.nameColumns)
        instances.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
    }

    private func write(_ rows: [[ColumnValue]], into table: String, _ columns: [String]) throws {
        // A COPY costs three turns with the server, however many its rows are.
        if rows.count > 3 {
            try database.copy(into: table, columns: columns) { copy in for row in rows { try copy.add(row) } }
        } else {
            let marks = columns.map { _ in "?" }.joined(separator: ", ")
            let sql = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
            for row in rows { try database.execute(sql, SQLArguments(values: row)) }
        }
    }

    private mutating func study(of study: InstanceRecord.Study, _ levels: LevelAttributes) throws -> Int64 {
        if let id = studies[study.studyInstanceUID] { return id }
        let known: Int64? = try database.scalar(
            "SELECT id FROM dicom_study WHERE store_id = ? AND study_uid = ?", [store, study.studyInstanceUID])
        let id = try known ?? insert(study, levels)
        studies[study.studyInstanceUID] = id
        return id
    }

    private mutating func insert(_ study: InstanceRecord.Study, _ levels: LevelAttributes) throws -> Int64 {
        let id: Int64 = try added(
            """
            INSERT INTO dicom_study (store_id, study_uid, patient_id, patient_name, patient_birth_date, patient_sex,
            study_date, study_time, accession_number, study_id, study_description, referring_physician, attributes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            [
                store, study.studyInstanceUID, study.patientID, study.patientName, study.patientBirthDate,
                study.patientSex, study.studyDate, study.studyTime, study.accessionNumber, study.studyID,
                study.studyDescription, study.referringPhysicianName, levels.study,
            ])
        names += SearchIndex.nameRows([study.patientName, study.referringPhysicianName], study: id, store: store)
        return id
    }

    private mutating func series(
        of values: InstanceRecord.Series, _ levels: LevelAttributes, study: Int64
    ) throws -> Int64 {
        let key = SeriesKey(study: study, uid: values.seriesInstanceUID)
        if let id = series[key] { return id }
        let known: Int64? = try database.scalar(
            "SELECT id FROM dicom_series WHERE study = ? AND series_uid = ?", [study, values.seriesInstanceUID])
        let id =
            try known
            ?? added(
                """
                INSERT INTO dicom_series (study, series_uid, modality, series_number, series_date, series_description,
                body_part, manufacturer, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
                """,
                [
                    study, values.seriesInstanceUID, values.modality, values.seriesNumber, values.seriesDate,
                    values.seriesDescription, values.bodyPartExamined, values.manufacturer, levels.series,
                ])
        series[key] = id
        return id
    }

    private func added(_ sql: String, _ arguments: SQLArguments) throws -> Int64 {
        guard let id: Int64 = try database.scalar(sql, arguments) else {
            throw DICOMStoreError(.catalogUnusable, "A row that was just written is not there.")
        }
        return id
    }
}
