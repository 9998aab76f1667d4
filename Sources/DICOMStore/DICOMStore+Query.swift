import Foundation
import GRDB
import LightboxCore

extension DICOMStore {
    /// A page of instances in the order of study, series and SOP Instance UID, whatever the order of arrival.
    ///
    /// - Parameters:
    ///   - position: where the page before ended; nil for the first.
    ///   - limit: how many at most.
    public func instances(
        matching filter: InstanceFilter = .all, after position: InstancePosition? = nil, limit: Int
    ) throws -> [StoredInstance] {
        try pool.read { database in
            var (condition, arguments) = filter.condition(store: id)
            if let position {
                // The first term lets SQLite start in its index, the row value takes the rest.
                condition += " AND s.study_uid >= ? AND (s.study_uid, e.series_uid, i.sop_uid) > (?, ?, ?)"
                arguments += [position.study, position.study, position.series, position.instance]
            }
            arguments += [limit]
            let order = filter.sopInstanceUID == nil ? " ORDER BY s.study_uid, e.series_uid, i.sop_uid" : ""
            let statement = try database.cachedStatement(
                sql: "SELECT \(Self.columns) \(filter.tables) WHERE \(condition)\(order) LIMIT ?")
            return try Row.fetchAll(statement, arguments: arguments).map(stored)
        }
    }

    /// All instances that a search by attributes of the index finds.
    ///
    /// - Precondition: the query is for instances, and the index has a column for each of its terms.
    public func instances(matching query: AttributeQuery) throws -> [StoredInstance] {
        try pool.read { database in
            let statement = try SearchStatement(query, store: id, database)
            precondition(query.level == .instance && statement.rest.isEmpty)
            let sql = statement.sql(selecting: Self.columns, limited: false)
            return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: statement.arguments).map(stored)
        }
    }

    /// Calls `body` with each instance; see ``InstanceCursor``.
    public func forEachInstance(
        matching filter: InstanceFilter = .all, _ body: (StoredInstance) throws -> Void
    ) throws {
        var cursor = InstanceCursor(self, matching: filter)
        while let instance = try cursor.next() { try body(instance) }
    }

    private static let columns = """
        s.study_uid, s.patient_id, s.patient_name, s.patient_birth_date, s.patient_sex, s.study_date, s.study_time,
        s.accession_number, s.study_id, s.study_description, s.referring_physician, e.series_uid, e.modality,
        e.series_number, e.series_date, e.series_description, e.body_part, e.manufacturer, i.sop_uid, i.sop_class,
        i.transfer_syntax, i.instance_number, i.patient_age, i.view_position, i.rows, i.columns, i.frames,
        i.bits_allocated, i.photometric, i.content_hash, i.size
        """

    private func stored(_ row: Row) throws -> StoredInstance {
        let study = InstanceRecord.Study(
            studyInstanceUID: row[0], patientID: row[1], patientName: row[2], patientBirthDate: row[3],
            patientSex: row[4], studyDate: row[5], studyTime: row[6], accessionNumber: row[7], studyID: row[8],
            studyDescription: row[9], referringPhysicianName: row[10])
        let series = InstanceRecord.Series(
            seriesInstanceUID: row[11], modality: row[12], seriesNumber: row[13], seriesDate: row[14],
            seriesDescription: row[15], bodyPartExamined: row[16], manufacturer: row[17])
        let instance = InstanceRecord.Instance(
            sopInstanceUID: row[18], sopClassUID: row[19], transferSyntaxUID: row[20], instanceNumber: row[21],
            patientAge: row[22], viewPosition: row[23], rows: row[24], columns: row[25], numberOfFrames: row[26],
            bitsAllocated: row[27], photometricInterpretation: row[28])
        guard let hash = ContentHash(digest: row[29]) else {
            throw DICOMStoreError(.catalogUnusable, "\(catalog.home.catalog): a content hash is damaged.")
        }
        return StoredInstance(
            record: InstanceRecord(study: study, series: series, instance: instance), contentHash: hash,
            size: row[30],
            path: path(for: hash))
    }
}

extension InstanceFilter {
    /// The three tables, joined from the one that narrows most. CROSS JOIN and INDEXED BY keep SQLite to it: left
    /// alone it takes whatever index has the order of the result, and walks a million rows for one patient.
    var tables: String {
        if sopInstanceUID != nil {
            return """
                FROM dicom_instance i CROSS JOIN dicom_series e ON e.id = i.series
                CROSS JOIN dicom_study s ON s.id = e.study
                """
        }
        if seriesInstanceUID != nil {
            return """
                FROM dicom_series e CROSS JOIN dicom_study s ON s.id = e.study
                CROSS JOIN dicom_instance i ON i.series = e.id
                """
        }
        let index =
            switch (studyInstanceUID, patientID, accessionNumber) {
            case (nil, .some, _): "INDEXED BY dicom_study_patient"
            case (nil, nil, .some): "INDEXED BY dicom_study_accession"
            default: ""
            }
        return """
            FROM dicom_study s \(index) CROSS JOIN dicom_series e ON e.study = s.id
            CROSS JOIN dicom_instance i ON i.series = e.id
            """
    }

    /// SQL over `s`, `e` and `i`, and its arguments.
    func condition(store: Int64) -> (String, StatementArguments) {
        var terms = ["s.store_id = ?"]
        var arguments: StatementArguments = [store]
        if sopInstanceUID != nil {
            terms.append("i.store_id = ?")
            arguments += [store]
        }
        for (column, value) in [
            ("s.study_uid", studyInstanceUID), ("e.series_uid", seriesInstanceUID), ("i.sop_uid", sopInstanceUID),
            ("s.patient_id", patientID), ("s.accession_number", accessionNumber), ("e.modality", modality),
            ("i.sop_class", sopClassUID),
        ] {
            guard let value else { continue }
            terms.append("\(column) = ?")
            arguments += [value]
        }
        return (terms.joined(separator: " AND "), arguments)
    }
}

extension ContentHash {
    /// 32 bytes, as the index keeps them.
    init?(digest: Data) {
        self.init(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    var digest: Data {
        let digits = Array(description.utf8)
        func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
        return Data(stride(from: 0, to: 64, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) })
    }
}
