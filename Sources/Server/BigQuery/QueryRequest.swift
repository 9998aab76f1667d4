import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import Warehouse
import WireFormats

/// What a client asks, in `jobs.query` or as the configuration of a job.
struct QueryRequest: Sendable {
    var text: String
    var parameters = QueryParameters()
    /// Of names of one part.
    var dataset: String?
    var time: Duration?
    /// Where the result goes, and what becomes of what is there.
    var target: TablePlace?
    var disposition = LoadDisposition.failIfExists
    /// Whether an empty table may be filled that is there.
    var makesTable = true

    /// - Throws: ``BigQueryError`` for what is missing or not run here.
    init(_ message: JSONValue, project: String) throws {
        guard let text = message["query"]?.string, !text.isEmpty else {
            throw BigQueryError(400, "required", "Required parameter is missing: query")
        }
        self.text = text
        if message["useLegacySql"]?.bool == true || text.lowercased().hasPrefix("#legacysql") {
            throw BigQueryError(
                400, "invalidQuery",
                "Legacy SQL is not run by this warehouse: write GoogleSQL, with useLegacySql false.")
        }
        dataset = message["defaultDataset"]?["datasetId"]?.string
        for parameter in message["queryParameters"]?.elements ?? [] {
            let value = try Self.value(parameter)
            if let name = parameter["name"]?.string, !name.isEmpty {
                parameters.named[name.lowercased()] = value
            } else {
                parameters.positional.append(value)
            }
        }
        if let reference = message["destinationTable"], reference["tableId"] != nil {
            target = try TablePlace(reference, in: project)
            disposition = try LoadDisposition(message["writeDisposition"]?.string ?? "WRITE_EMPTY")
            makesTable = message["createDisposition"]?.string != "CREATE_NEVER"
        }
    }

    private static func value(_ parameter: JSONValue) throws -> QueryParameters.Value {
        let type = parameter["parameterType"]
        guard let word = type?["type"]?.string else {
            throw BigQueryError.invalid("A query parameter has no parameterType.type.")
        }
        if word == "ARRAY" {
            guard let element = (type?["arrayType"]?["type"]?.string).flatMap({ DataType($0) }) else {
                throw BigQueryError.invalid("Query parameters: arrays of this type are not taken here.")
            }
            let values = try (parameter["parameterValue"]?["arrayValues"]?.elements ?? []).map {
                try scalar(written($0["value"]), element)
            }
            return .init(type: .array(element), values: values)
        }
        guard let own = DataType(word) else {
            throw BigQueryError.invalid("Query parameters of the type \(word) are not taken here.")
        }
        return .init(type: own, values: [try scalar(written(parameter["parameterValue"]?["value"]), own)])
    }

    /// A value's text; clients send numbers as such, too.
    private static func written(_ value: JSONValue?) throws -> String? {
        switch value {
        case nil, .null?: return nil
        case .string(let text)?: return text
        case let value?: return String(decoding: try value.serialized(), as: UTF8.self)
        }
    }

    private static func scalar(_ text: String?, _ type: DataType) throws -> SQLValue {
        guard let text else { return .null }
        let value: SQLValue? =
            switch type {
            case .int64: Int64(text).map { .integer($0) }
            case .float64: Double(text).flatMap { $0.isNaN ? nil : .real($0) }
            case .bool: ["true": .boolean(true), "false": .boolean(false)][text.lowercased()]
            case .string, .json: .text(text)
            case .date, .datetime, .timestamp:
                CivilTime.canonical(text, as: type.description).map { .text($0) }
            case .array, .null: nil
            }
        guard let value else { throw BigQueryError.invalid("Invalid value for a query parameter of type \(type)") }
        return value
    }
}

extension LoadDisposition {
    /// - Throws: ``BigQueryError`` for a word that is none.
    init(_ word: String) throws {
        switch word {
        case "", "WRITE_EMPTY": self = .failIfExists
        case "WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA": self = .truncate
        case "WRITE_APPEND": self = .append
        default:
            throw BigQueryError.invalid(
                "writeDisposition \(word.prefix(40)) is none of WRITE_EMPTY, WRITE_TRUNCATE, WRITE_APPEND.")
        }
    }
}
