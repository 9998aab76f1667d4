import Features
import Foundation
import LightboxCore
public import Warehouse

/// Finds the rows of a table whose vectors point most nearly in the direction of a given one.
public struct SimilarStage: Sendable {
    public var source: VectorSource
    public var count = 10
    /// How an image becomes a vector; nil: as those of the table did, which its history tells.
    public var extractor: ExtractorConfiguration?
    public var display = DisplayOptions()

    public init(_ source: VectorSource) { self.source = source }

    /// The nearest rows, the nearest first.
    public struct Result: Sendable {
        /// `similarity`, the cosine of the angle, then the row's other columns.
        public var columns: [QueryColumn] = []
        public var rows: [[SQLValue]] = []
        /// Whether the given one is a row of the table, which is then not among the results.
        public var isKnown = false
    }

    /// - Parameter query: an `instance`, `path`, `file` or `id` of the table, or an image: PNG, JPEG, DICOM.
    /// - Throws: ``InputError`` when it is neither.
    public func run(_ query: String, _ context: StageContext) throws -> Result {
        let warehouse = try Warehouse(home: context.home)
        let table = "(\(try source.statement(warehouse))) AS t"
        let (columns, vectors) = try columns(of: table, warehouse)
        let vector = SQLText.name(vectors)
        var result = Result()
        var others = ""
        var sought: SQLValue?
        for key in ["instance", "path", "file", "id"] {
            guard let column = columns.first(where: { $0.lowercased() == key }) else { continue }
            let condition = "\(SQLText.word(SQLText.name(column))) = \(SQLText.text(query))"
            guard
                let row = try warehouse.query(
                    "SELECT \(vector) FROM \(table) WHERE \(condition) AND \(vector) IS NOT NULL LIMIT 1"
                ).rows.first
            else { continue }
            (sought, others, result.isKnown) = (row[0], " AND NOT \(condition)", true)
            break
        }
        let found = try sought ?? .vector(self.vector(of: query, warehouse, context))
        let statement = """
            SELECT cosine_similarity(\(vector), ?) AS similarity, t.* FROM \(table)
            WHERE \(vector) IS NOT NULL\(others) ORDER BY similarity DESC NULLS LAST LIMIT \(count)
            """
        let nearest = try warehouse.query(statement, [found])
        let kept = nearest.columns.indices.filter { index in
            !nearest.rows.contains { $0[index].isVector }
        }
        result.columns = kept.map { nearest.columns[$0] }
        result.rows = nearest.rows.map { row in kept.map { row[$0] } }
        return result
    }

    /// The columns of the table, and the one of vectors: of the first row that has any.
    private func columns(of table: String, _ warehouse: Warehouse) throws -> (all: [String], vector: String) {
        struct Found: Error {}
        var all: [String] = []
        var column: Int?
        do {
            try warehouse.query(
                "SELECT * FROM \(table)", columns: { all = $0.map(\.name) },
                row: { row in
                    column = try source.vectorColumn(row, all)
                    if column != nil { throw Found() }
                })
        } catch is Found {}
        guard let column else {
            throw InputError(
                .invalidInput, "\(source.table) has no column of vectors. Make it with `lightbox embed`.")
        }
        return (all, all[column])
    }

    // MARK: An image

    private func vector(of path: String, _ warehouse: Warehouse, _ context: StageContext) throws -> [Float] {
        guard RemoteFiles.exists(try context.home.localPath(of: path)) else {
            throw InputError(
                .notFound, "\(path) is neither an instance, path, file or id of \(source.table) nor an image here."
            )
        }
        let image = try image(path, context)
        var maker = TableExtractor(table: source.table)
        maker.given = extractor
        let made = try maker.extractor(warehouse, sample: image, context)
        return try made.run([image])[0]
    }

    private func image(_ path: String, _ context: StageContext) throws -> Image {
        let source = try ImageInput(path).open(home: context.home, frames: .first)
        switch try source.next() {
        case .item(let item): return try item.load(display).image
        case .problem(let problem): throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
        case nil: throw InputError(.notFound, "\(path) holds no image.")
        }
    }
}
