import Database
import Foundation
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
        try catalog.read { database in
            var (condition, arguments) = filter.condition(store: id)
            if let position {
                // The first term lets the walk start in an index, the row value takes the rest.
                condition += " AND s.study_uid >= ? AND (s.study_uid, e.series_uid, i.sop_uid) > (?, ?, ?)"
                arguments += [position.study, position.study, position.series, position.instance]
            }
            arguments += [limit]
            let order = filter.sopInstanceUID == nil ? " ORDER BY s.study_uid, e.series_uid, i.sop_uid" : ""
            let tables = filter.tables(database.dialect)
            return try stored(
                database.cursor(
                    "SELECT \(Self.columns) \(tables) WHERE \(condition)\(order) LIMIT ?", arguments,
                    expecting: limit))
        }
    }

    /// All instances that a search by attributes of the index finds.
    ///
    /// - Precondition: the query is for instances, and the index has a column for each of its terms.
    public func instances(matching query: AttributeQuery) throws -> [StoredInstance] {
        try catalog.read { database in
            let statement = try SearchStatement(query, store: id, database)
            precondition(query.level == .instance && statement.rest.isEmpty)
            let sql = statement.sql(selecting: Self.columns, limited: false)
            return try stored(database.cursor(sql, statement.arguments))
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

    private func stored(_ rows: SQLCursor) throws -> [StoredInstance] {
        var instances: [StoredInstance] = []
        while let row = try rows.next() { instances.append(try stored(row)) }
        return instances
    }

    private func stored(_ row: SQLRow) throws -> StoredInstance {
        let study = try InstanceRecord.Study(
            studyInstanceUID: row.get(0), patientID: row.get(1), patientName: row.get(2),
            patientBirthDate: row.get(3), patientSex: row.get(4), studyDate: row.get(5), studyTime: row.get(6),
            accessionNumber: row.get(7), studyID: row.get(8), studyDescription: row.get(9),
            referringPhysicianName: row.get(10))
        let series = try InstanceRecord.Series(
            seriesInstanceUID: row.get(11), modality: row.get(12), seriesNumber: row.get(13),
            seriesDate: row.get(14), seriesDescription: row.get(15), bodyPartExamined: row.get(16),
            manufacturer: row.get(17))
        let instance = try InstanceRecord.Instance(
            sopInstanceUID: row.get(18), sopClassUID: row.get(19), transferSyntaxUID: row.get(20),
            instanceNumber: row.get(21), patientAge: row.get(22), viewPosition: row.get(23), rows: row.get(24),
            columns: row.get(25), numberOfFrames: row.get(26), bitsAllocated: row.get(27),
            photometricInterpretation: row.get(28))
        guard let hash = ContentHash(digest: try row.get(29)) else {
            throw DICOMStoreError(.catalogUnusable, "The index of \(name): a content hash is damaged.")
        }
        return StoredInstance(
            record: InstanceRecord(study: study, series: series, instance: instance), contentHash: hash,
            size: try row.get(30), path: path(for: hash))
    }
}

extension InstanceFilter {
    /// The three tables, joined from the one that narrows most.
    func tables(_ dialect: IndexDialect) -> String {
        let join = dialect.join
        if sopInstanceUID != nil {
            return """
                FROM dicom_instance i \(join) dicom_series e ON e.id = i.series
                \(join) dicom_study s ON s.id = e.study
                """
        }
        if seriesInstanceUID != nil {
            return """
                FROM dicom_series e \(join) dicom_study s ON s.id = e.study
                \(join) dicom_instance i ON i.series = e.id
                """
        }
        let index =
            switch (studyInstanceUID, patientID, accessionNumber) {
            case (nil, .some, _): dialect.indexed(by: "dicom_study_patient")
            case (nil, nil, .some): dialect.indexed(by: "dicom_study_accession")
            default: ""
            }
        return """
            FROM dicom_study s \(index) \(join) dicom_series e ON e.study = s.id
            \(join) dicom_instance i ON i.series = e.id
            """
    }

    /// SQL over `s`, `e` and `i`, and its arguments.
    func condition(store: Int64) -> (String, SQLArguments) {
        var terms = ["s.store_id = ?"]
        var arguments: SQLArguments = [store]
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
            arguments.append(value.withoutNUL)
        }
        return (terms.joined(separator: " AND "), arguments)
    }
}

extension ContentHash {
    /// 32 bytes, as the index keeps them.
    init?(digest: [UInt8]) {
        self.init(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    var digest: [UInt8] {
        let digits = Array(description.utf8)
        func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
        return stride(from: 0, to: 64, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
    }
}
