import LightboxCore
public import Warehouse

/// Patients whose images stand in more than one data set of a table: a model that has seen them in training is
/// judged too well.
public struct SharedPatients: Sendable, Codable, Equatable {
    public let patients: Int
    /// Of these patients.
    public let images: Int
    /// Images without a patient: nothing can be said of them.
    public let withoutPatient: Int
    /// The first eight hexadecimal digits of the SHA-256 of some of the identifiers: enough to find them again, not
    /// to read them.
    public let digests: [String]

    /// Looks in SQL.
    ///
    /// - Throws: ``InputError`` for a table that does not say the patient or the data set.
    public init(_ table: LabelledTable, in warehouse: Warehouse) throws {
        guard let patient = table.patient, table.dataset != nil else {
            let missing = table.patient == nil ? "patient (patient_id, subject_id)" : "data set (dataset, split)"
            throw InputError(
                .invalidInput,
                "The table \(table.table) has no column of the \(missing), so leakage cannot be told.")
        }
        let name = SQLText.name(patient)
        let shared = """
            SELECT CAST(\(name) AS TEXT) AS patient, count(DISTINCT \(SQLText.name(table.key))) AS images
            FROM \(SQLText.name(table.table))
            WHERE \(name) IS NOT NULL AND \(SQLText.word(name)) <> '' AND \(table.datasetWord) IS NOT NULL
            GROUP BY 1 HAVING count(DISTINCT \(table.datasetWord)) > 1
            """
        let counts = try warehouse.query(
            """
            SELECT (SELECT count(*) FROM (\(shared))), (SELECT coalesce(sum(images), 0) FROM (\(shared))),
                   (SELECT count(*) FROM \(SQLText.name(table.table)) WHERE \(name) IS NULL
                        OR \(SQLText.word(name)) = '')
            """
        ).rows[0].map { value -> Int in
            if case .integer(let number) = value { Int(number) } else { 0 }
        }
        (patients, images, withoutPatient) = (counts[0], counts[1], counts[2])
        digests = try warehouse.query("\(shared) ORDER BY 1 LIMIT 3").rows.compactMap { row in
            row[0].word.map { String(ContentHash(of: $0.utf8).description.prefix(8)) }
        }
    }

    /// - Throws: ``InputError`` when there is any such patient.
    public func refuse(_ table: TableName) throws {
        guard patients > 0 else { return }
        throw InputError(
            .conflict,
            "leakage: \(patients) patients of the table \(table) stand in more than one data set, \(images) images in "
                + "all; by SHA-256 of the identifier: \(digests.joined(separator: ", "))"
                + "\(patients > digests.count ? ", …" : ""). Split by patient instead.")
    }
}
