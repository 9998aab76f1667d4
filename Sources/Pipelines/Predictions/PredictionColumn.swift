import Warehouse

/// The column of a table that holds a model's score for a label.
enum PredictionColumn {
    private static let prefix = "predicted_"

    /// `predicted_pleural_effusion` for the label `Pleural Effusion`.
    static func name(of label: String) -> String {
        let letters = label.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
        return prefix + String(letters).split(separator: "_").joined(separator: "_")
    }

    /// Among the columns of a table: `predicted_edema`, or `edema` as the published tables of predictions have it.
    static func find(_ label: String, among columns: [String]) -> String? {
        let wanted = simplified(label)
        return columns.first { simplified($0) == simplified(prefix) + wanted }
            ?? columns.first { simplified($0) == wanted }
    }

    /// The labels of the columns that begin with `predicted_`, in order.
    static func labels(among columns: [String]) -> [String] {
        columns.filter { $0.lowercased().hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    /// `Pleural Effusion` and `pleural_effusion` are one label.
    private static func simplified(_ name: String) -> String {
        String(name.lowercased().filter { $0.isLetter || $0.isNumber })
    }
}
