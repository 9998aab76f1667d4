import LightboxCore
import Warehouse

/// A model's predictions as rows of a table: the image's key, the model, a score per label.
///
/// A quarter of a million of them stay in memory until the load, which is all or nothing; so the scores are one list.
struct PredictionRows: RowSource {
    private let model: String
    private let hash: ContentHash
    private let labels: [String]
    private var keys: [InstanceKey] = []
    private var scores: [Float] = []
    /// Names of key fields beyond those of every table, in the order in which they appear.
    private var otherFields: [String] = []

    private static let fields = ["path", "study", "series", "instance", "frame"]

    init(model: String, hash: ContentHash, labels: [String]) {
        self.model = model
        self.hash = hash
        self.labels = labels
    }

    var count: Int { keys.count }

    /// - Parameter prediction: an extra score for images without a label is left out.
    mutating func append(_ prediction: Prediction) {
        for field in prediction.key.fields
        where !Self.fields.contains(field.name) && !otherFields.contains(field.name) {
            otherFields.append(field.name)
        }
        keys.append(prediction.key)
        scores += prediction.scores.prefix(labels.count)
    }

    var declaredColumns: [TableSchema.Column]? {
        Self.fields.map { TableSchema.Column($0, $0 == "frame" ? .integer : .text) }
            + otherFields.map { TableSchema.Column($0, .text) }
            + [TableSchema.Column("model", .text), TableSchema.Column("model_sha256", .text)]
            + labels.map { TableSchema.Column(PredictionColumn.name(of: $0), .real) }
    }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        let columns = labels.map(PredictionColumn.name)
        let hash = hash.description
        for (index, key) in keys.enumerated() {
            var cells = key.fields.map { field in
                let number = field.name == "frame" ? Int64(field.value) : nil
                return TableRow.Cell(field.name, number.map { .integer($0) } ?? .text(field.value))
            }
            cells.append(.init("model", .text(model)))
            cells.append(.init("model_sha256", .text(hash)))
            for (label, column) in columns.enumerated() {
                cells.append(.init(column, .real(Double(scores[index * columns.count + label]))))
            }
            try body(TableRow(cells), index + 1)
        }
    }
}
