import DICOM
import Foundation
import GRDB
import LightboxCore

/// Makes files that were copied aside part of the store: to the disk, under their names, into the index.
///
/// The index's write lock is held from the decision what is new to the commit, so that two ingests at once cannot
/// both add a UID. Outcomes count only after `commit` has returned.
struct IngestBatch {
    let store: DICOMStore

    func commit(_ files: [IncomingFile.Accepted]) throws -> [IngestOutcome] {
        guard !files.isEmpty else { return [] }
        guard store.shared == nil else { return try commitObjects(files) }
        try store.onStep(.copied)
        try Self.concurrently(files.map(\.temporary)) { try FileBytes.sync($0) }
        try store.onStep(.filesSynced)
        let outcomes = try store.pool.write { database in
            var writer = try InstanceWriter(database, store: store.id)
            let keepsRevisions = try DICOMCatalog.settings(of: store.name, database).keepsRevisions
            let outcomes = try decide(files, &writer, keepsRevisions: keepsRevisions)
            let new = zip(files, outcomes).filter { $1.isNew }.map(\.0)
            let folders = Set(new.map { store.folder(for: $0.hash) }).sorted()
            try store.makeFolders(folders)
            for file in new {
                let path = store.path(for: file.hash)
                guard rename(file.temporary, path) == 0 else { throw FileFailure(path: path, errno: errno) }
            }
            try store.onStep(.renamed)
            try Self.concurrently(folders) { try AtomicFile.syncFolder($0) }
            try store.onStep(.foldersSynced)
            for (file, outcome) in zip(files, outcomes) where outcome.isNew {
                if outcome == .revised { try writer.keepRevision(of: file.record.instance.sopInstanceUID) }
                try writer.insert(file)
            }
            try store.onStep(.rowsWritten)
            return outcomes
        }
        try store.onStep(.committed)
        for (file, outcome) in zip(files, outcomes) where !outcome.isNew { unlink(file.temporary) }
        return outcomes
    }

    /// Against the index as it is now, and against the files before in the same batch.
    func decide(
        _ files: [IncomingFile.Accepted], _ writer: inout InstanceWriter, keepsRevisions: Bool
    ) throws -> [IngestOutcome] {
        var here: [String: IncomingFile.Accepted] = [:]
        return try files.map { file in
            let uid = file.record.instance.sopInstanceUID
            if let hash = try here[uid]?.hash ?? writer.hash(of: uid) {
                guard hash != file.hash else { return .unchanged }
                if Self.areSame(file.temporary, here[uid]?.temporary ?? store.path(for: hash)) {
                    return .unchanged
                }
                guard keepsRevisions else { return .conflict }
                here[uid] = file
                return .revised
            }
            here[uid] = file
            return .added
        }
    }

    /// Whether two files have the same data set: each sender's software writes a file meta information of its own, and
    /// may choose another encoding. What cannot be read is the same as nothing.
    private static func areSame(_ path: String, _ other: String) -> Bool {
        guard let file = try? DICOMFile(path: path), let known = try? DICOMFile(path: other) else { return false }
        return file.holdsSame(as: known)
    }

    /// Many flushes at once, which the file system's journal takes together; one waits for the disk as long as all.
    private static func concurrently(
        _ paths: [String], _ body: @escaping @Sendable (String) throws -> Void
    ) throws {
        guard paths.count > 1 else { return try paths.forEach(body) }
        var remaining = paths.makeIterator()
        try mapInOrder(threads: min(16, paths.count), window: paths.count) {
            remaining.next()
        } transform: { path in
            try body(path)
        } consume: { (_: Void) in
            true
        }
    }
}

/// Writes index rows within one transaction, studies and series looked up once.
struct InstanceWriter {
    private struct SeriesKey: Hashable {
        let study: Int64
        let uid: String
    }

    private let database: Database
    private let store: Int64
    private let insertion: Statement
    private let lookup: Statement
    private var studies: [String: Int64] = [:]
    private var series: [SeriesKey: Int64] = [:]

    init(_ database: Database, store: Int64) throws {
        self.database = database
        self.store = store
        insertion = try database.cachedStatement(
            sql: """
                INSERT INTO dicom_instance (store_id, series, sop_uid, sop_class, transfer_syntax, instance_number,
                patient_age, view_position, rows, columns, frames, bits_allocated, photometric, content_hash, size)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        lookup = try database.cachedStatement(
            sql: "SELECT content_hash FROM dicom_instance WHERE store_id = ? AND sop_uid = ?")
    }

    func hash(of uid: String) throws -> ContentHash? {
        try Data.fetchOne(lookup, arguments: [store, uid]).flatMap { ContentHash(digest: $0) }
    }

    /// Whether the file of an instance, or of one that stood there before, has these bytes.
    func isInUse(_ hash: ContentHash, uid: String) throws -> Bool {
        if try self.hash(of: uid) == hash { return true }
        return try Bool.fetchOne(
            database,
            sql: """
                SELECT EXISTS (SELECT 1 FROM dicom_revision WHERE store_id = ? AND sop_uid = ? AND content_hash = ?)
                """, arguments: [store, uid, hash.digest]) ?? false
    }

    /// Makes room for a new file under a known UID, and remembers the one that stood there.
    mutating func keepRevision(of uid: String) throws {
        try database.execute(
            sql: """
                INSERT INTO dicom_revision (store_id, sop_uid, content_hash, size, replaced)
                SELECT store_id, sop_uid, content_hash, size, ?3 FROM dicom_instance
                WHERE store_id = ?1 AND sop_uid = ?2
                """, arguments: [store, uid, Date().timeIntervalSince1970])
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT i.id, i.series, s.study FROM dicom_instance i JOIN dicom_series s ON s.id = i.series
                WHERE i.store_id = ? AND i.sop_uid = ?
                """, arguments: [store, uid])
        guard let row else { return }
        try database.execute(sql: "DELETE FROM dicom_instance WHERE id = ?", arguments: [row["id"] as Int64])
        // The new file may belong elsewhere.
        try DICOMStore.removeEmpty("series", [row], children: "dicom_instance WHERE series", database)
        try DICOMStore.removeEmpty("study", [row], children: "dicom_series WHERE study", database)
        (studies, series) = ([:], [:])
    }

    mutating func insert(_ file: IncomingFile.Accepted) throws {
        try insert(file.record, file.levels, hash: file.hash, size: file.size)
    }

    mutating func insert(
        _ record: InstanceRecord, _ levels: LevelAttributes, hash: ContentHash, size: Int
    ) throws {
        let series = try series(of: record, levels, study: study(of: record.study, levels))
        let instance = record.instance
        try insertion.execute(arguments: [
            store, series, instance.sopInstanceUID, instance.sopClassUID, instance.transferSyntaxUID,
            instance.instanceNumber, instance.patientAge, instance.viewPosition, instance.rows, instance.columns,
            instance.numberOfFrames, instance.bitsAllocated, instance.photometricInterpretation, hash.digest, size,
        ])
    }

    private mutating func study(of study: InstanceRecord.Study, _ levels: LevelAttributes) throws -> Int64 {
        if let id = studies[study.studyInstanceUID] { return id }
        let insertion = try database.cachedStatement(
            sql: """
                INSERT INTO dicom_study (store_id, study_uid, patient_id, patient_name, patient_birth_date, patient_sex,
                study_date, study_time, accession_number, study_id, study_description, referring_physician, attributes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        try insertion.execute(arguments: [
            store, study.studyInstanceUID, study.patientID, study.patientName, study.patientBirthDate,
            study.patientSex,
            study.studyDate, study.studyTime, study.accessionNumber, study.studyID, study.studyDescription,
            study.referringPhysicianName, levels.study,
        ])
        let isNew = database.changesCount > 0
        let selection = try database.cachedStatement(
            sql: "SELECT id FROM dicom_study WHERE store_id = ? AND study_uid = ?")
        let id = try Self.id(selection, [store, study.studyInstanceUID])
        if isNew { try SearchIndex.addNames(of: study, id: id, store: store, database) }
        studies[study.studyInstanceUID] = id
        return id
    }

    private mutating func series(
        of record: InstanceRecord, _ levels: LevelAttributes, study: Int64
    ) throws -> Int64 {
        let values = record.series
        let key = SeriesKey(study: study, uid: values.seriesInstanceUID)
        if let id = series[key] { return id }
        let insertion = try database.cachedStatement(
            sql: """
                INSERT INTO dicom_series (study, series_uid, modality, series_number, series_date, series_description,
                body_part, manufacturer, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        try insertion.execute(arguments: [
            study, values.seriesInstanceUID, values.modality, values.seriesNumber, values.seriesDate,
            values.seriesDescription, values.bodyPartExamined, values.manufacturer, levels.series,
        ])
        let selection = try database.cachedStatement(
            sql: "SELECT id FROM dicom_series WHERE study = ? AND series_uid = ?")
        let id = try Self.id(selection, [study, values.seriesInstanceUID])
        series[key] = id
        return id
    }

    private static func id(_ statement: Statement, _ arguments: StatementArguments) throws -> Int64 {
        guard let id = try Int64.fetchOne(statement, arguments: arguments) else {
            throw DICOMStoreError(.catalogUnusable, "A row that was just written is not there.")
        }
        return id
    }
}
