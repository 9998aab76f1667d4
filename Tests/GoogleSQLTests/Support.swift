import Foundation
import GoogleSQL
import LightboxCore
import TestSupport
import Warehouse
import WireFormats

/// Tables, queries in GoogleSQL and their answers; Tests/Reference/googlesql/make_reference.py has them from DuckDB.
struct QueryReference {
    struct Case {
        let sql: String
        let rows: [[JSONValue]]
        let isSorted: Bool
    }

    let tables: [(name: String, lines: String)]
    let cases: [Case]
    let fingerprints: [(text: String, number: Int64)]
    let refused: [(sql: String, code: String)]
    let failing: [String]

    init() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: reference("googlesql/queries.json")))
        let document = try JSONValue(parsing: Bytes(bytes))
        func list(_ name: String) -> [JSONValue] { document[name]?.elements ?? [] }
        tables = try (document["tables"]?.members ?? []).map { member in
            let lines = try (member.value.elements ?? []).map {
                String(decoding: try $0.serialized(), as: UTF8.self)
            }
            return (member.name, lines.joined(separator: "\n"))
        }
        cases = list("cases").map { item in
            Case(
                sql: item["sql"]?.string ?? "", rows: (item["rows"]?.elements ?? []).map { $0.elements ?? [] },
                isSorted: item["sorted"]?.bool ?? false)
        }
        fingerprints = list("fingerprints").compactMap { pair in
            guard let parts = pair.elements, let text = parts[0].string, let number = parts[1].integer else {
                return nil
            }
            return (text, number)
        }
        refused = list("refused").map { ($0["sql"]?.string ?? "", $0["code"]?.string ?? "") }
        failing = list("failing").compactMap(\.string)
    }

    /// A warehouse of its own with the tables, as `d.NAME`.
    func withWarehouse<Result>(_ body: (Warehouse) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder throws in
            let warehouse = try Warehouse(home: TestEngine.home(folder))
            for (name, lines) in tables {
                let path = folder + "/\(name).jsonl"
                try AtomicFile.write(Array(lines.utf8), to: path)
                try warehouse.load(
                    JSONLineRows(path: path), into: TableName("d." + name), disposition: .truncate,
                    from: Provenance(source: "test"), at: Date(timeIntervalSince1970: 0))
            }
            return try body(warehouse)
        }
    }
}

extension Warehouse {
    /// Tables by the names that they have, whatever project is named before them.
    func google(_ sql: String, _ parameters: QueryParameters = QueryParameters()) throws -> GoogleQuery {
        try GoogleQuery(sql, parameters: parameters, for: sqlEngine) { path in
            guard let name = try? TableName(path.suffix(2).joined(separator: ".")) else { return nil }
            return try self.schema(of: name).map { (name, $0) }
        }
    }

    /// The rows of a query as JSON has them, numbers rounded to nine places.
    func answer(_ sql: String, _ parameters: QueryParameters = QueryParameters()) throws -> [[JSONValue]] {
        let query = try google(sql, parameters)
        let types = query.columns.map(\.type)
        return try self.query(query.sql, query.arguments).rows.map { row in
            zip(row, types).map { value, type in
                switch value {
                case .null: .null
                case .integer(let number): type == .bool ? .bool(number != 0) : rounded(.integer(number))
                case .real(let number): rounded(.number(number))
                case .boolean(let flag): .bool(flag)
                case .text(let text), .json(let text): .string(text)
                case .vector(let numbers): .array(numbers.map { .number(Double($0)) })
                }
            }
        }
    }
}

/// Whole numbers that a Double holds count as such, so that both sides can be compared.
func rounded(_ value: JSONValue) -> JSONValue {
    guard let number = value.double else { return value }
    if case .integer(let whole) = value, whole.magnitude > 1 << 53 { return value }
    return .number((number * 1e9).rounded() / 1e9)
}

/// What can be compared without an order.
func text(_ row: [JSONValue]) -> String { row.map { "\($0)" }.joined(separator: " | ") }
