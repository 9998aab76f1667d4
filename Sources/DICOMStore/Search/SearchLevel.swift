extension AttributeQuery.Level {
    /// The column that a result's row goes by.
    var key: String {
        switch self {
        case .study: "s.id"
        case .series: "e.id"
        case .instance: "i.id"
        }
    }

    /// Joined from that row upwards.
    func tables(_ dialect: IndexDialect) -> String {
        let study = "\(dialect.join) dicom_study s ON s.id = e.study"
        return switch self {
        case .study: "dicom_study s"
        case .series: "dicom_series e \(study)"
        case .instance: "dicom_instance i \(dialect.join) dicom_series e ON e.id = i.series \(study)"
        }
    }
}
