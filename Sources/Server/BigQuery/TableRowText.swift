import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import Warehouse
import WireFormats

/// Rows and schemas as BigQuery sends them.
///
/// A row is `{"f":[{"v":"1"},{"v":null}]}`: every value is a text, an array a list of `{"v":…}`.
struct TableRowText: Sendable {
    let types: [DataType]

    /// - Throws: ``BigQueryError`` for a number that its type does not hold.
    func append(_ row: [SQLValue], to output: inout [UInt8]) throws {
        output += #"{"f":["#.utf8
        for (index, value) in row.enumerated() {
            output += (index == 0 ? #"{"v":"# : #",{"v":"#).utf8
            try append(value, types[index], to: &output)
            output.append(UInt8(ascii: "}"))
        }
        output += "]}".utf8
    }

    private func append(_ value: SQLValue, _ type: DataType, to output: inout [UInt8]) throws {
        switch value {
        case .null:
            if case .array = type { output += "[]".utf8 } else { output += "null".utf8 }
        case .vector(let numbers): append(list: numbers.map(Self.text), to: &output)
        case .integer(let number):
            switch type {
            case .bool: JSONWriter.append(number != 0 ? "true" : "false", to: &output)
            case .float64: JSONWriter.append(Self.text(Double(number)), to: &output)
            default: JSONWriter.append(String(number), to: &output)
            }
        case .real(let number):
            guard type != .int64 else {
                throw BigQueryError(400, "invalidQuery", "int64 overflow: a whole number has more than 64 bits")
            }
            JSONWriter.append(Self.text(number), to: &output)
        case .boolean(let flag): JSONWriter.append(flag ? "true" : "false", to: &output)
        case .text(let text), .json(let text):
            switch type {
            case .array(let element): append(list: try Self.elements(text, element), to: &output)
            case .timestamp: JSONWriter.append(Self.micros(text), to: &output)
            case .datetime: JSONWriter.append(text.replacing(" ", with: "T"), to: &output)
            default: JSONWriter.append(text, to: &output)
            }
        }
    }

    private func append(list: [String?], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (index, text) in list.enumerated() {
            output += (index == 0 ? #"{"v":"# : #",{"v":"#).utf8
            if let text { JSONWriter.append(text, to: &output) } else { output += "null".utf8 }
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "]"))
    }

    /// The elements of a list that is kept as JSON.
    private static func elements(_ text: String, _ element: DataType) throws -> [String?] {
        (try JSONValue(parsing: text).elements ?? []).map { value in
            switch value {
            case .null: nil
            case .string(let text): text
            case .bool(let flag): flag ? "true" : "false"
            case .integer(let number): element == .bool ? (number == 0 ? "false" : "true") : String(number)
            case .number(let number):
                element == .int64 && number == number.rounded() && abs(number) < 0x1p53
                    ? String(Int64(number)) : Self.text(number)
            default: (try? value.serialized()).map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    private static func text(_ number: Float) -> String? {
        number.isFinite ? "\(number)" : text(Double(number))
    }

    private static func text(_ number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity" }
        return "\(number)"
    }

    /// Millionths of a second since 1970, as clients ask for with `useInt64Timestamp`.
    static func micros(_ text: String) -> String {
        let day = (try? Date(text.prefix(10) + "T00:00:00Z", strategy: .iso8601))?.timeIntervalSince1970 ?? 0
        let clock = text.dropFirst(11).split(separator: ":")
        guard clock.count == 3, let hours = Int(clock[0]), let minutes = Int(clock[1]) else {
            return "\(Int(day) * 1_000_000)"
        }
        let seconds = clock[2].split(separator: ".")
        let fraction = seconds.count > 1 ? Int(seconds[1]) ?? 0 : 0
        return "\((Int(day) + hours * 3600 + minutes * 60 + (Int(seconds[0]) ?? 0)) * 1_000_000 + fraction)"
    }
}

/// Names of types in schemas, in the spelling of the service's first years, which it still sends.
enum SchemaText {
    static func field(_ name: String, _ type: DataType) -> JSONValue {
        var (word, mode) = (Self.word(type), "NULLABLE")
        if case .array(let element) = type { (word, mode) = (Self.word(element), "REPEATED") }
        return .object([
            JSONMember("name", .string(name)), JSONMember("type", .string(word)),
            JSONMember("mode", .string(mode)),
        ])
    }

    static func schema(_ columns: [(name: String, type: DataType)]) -> JSONValue {
        .object([JSONMember("fields", .array(columns.map { field($0.name, $0.type) }))])
    }

    private static func word(_ type: DataType) -> String {
        switch type {
        case .int64: "INTEGER"
        case .float64: "FLOAT"
        case .bool: "BOOLEAN"
        case .string, .null, .array: "STRING"
        case .date: "DATE"
        case .datetime: "DATETIME"
        case .timestamp: "TIMESTAMP"
        case .json: "JSON"
        }
    }

    /// The columns of a schema that a client gives.
    static func columns(_ schema: JSONValue?) throws -> [TableSchema.Column] {
        try (schema?["fields"]?.elements ?? []).map { field in
            guard let name = field["name"]?.string, let word = field["type"]?.string else {
                throw BigQueryError.invalid("A field of the schema has no name or no type.")
            }
            let isRepeated = field["mode"]?.string?.uppercased() == "REPEATED"
            if ["RECORD", "STRUCT"].contains(word.uppercased())
                || isRepeated && !["FLOAT", "FLOAT64"].contains(word.uppercased())
            {
                return TableSchema.Column(name, .json)
            }
            if isRepeated { return TableSchema.Column(name, .vector) }
            guard let type = DataType(word) else {
                throw BigQueryError.invalid(
                    "Field \(name): columns of the type \(word) are not kept here. Use STRING, INTEGER, FLOAT, BOOLEAN, DATE, "
                        + "DATETIME, TIMESTAMP or JSON.")
            }
            return TableSchema.Column(name, type.column)
        }
    }
}
