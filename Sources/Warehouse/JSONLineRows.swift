import WireFormats

/// The rows of a JSON lines file, plain or gzip: one object a line, as batch predictions and `lightbox embed` write.
///
/// Strings become text, numbers integer or real, booleans boolean. A list of numbers becomes a vector when
/// Float32 can hold it, integers exactly; every other list and every object stays JSON text. Blank lines are skipped.
public struct JSONLineRows: RowSource {
    private let path: String

    public init(path: String) throws {
        self.path = path
        _ = try ByteStream(path: path)
    }

    public func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        let lines = try JSONLinesReader(path: path)
        while let line = try lines.next() {
            guard let members = line.value.members else {
                throw WarehouseError(
                    .malformed, "\(path): line \(line.number) is no JSON object. Give one object a line.")
            }
            try body(TableRow(members.map { TableRow.Cell($0.name, try SQLValue($0.value)) }), line.number)
        }
    }
}

extension SQLValue {
    init(_ value: JSONValue) throws {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .numbers(let numbers):
            let floats = numbers.map { Float($0) }
            self = try Self.keep(numbers, floats) ? .vector(floats) : .json(Self.text(value))
        case .array, .object: self = try .json(Self.text(value))
        }
    }

    /// Whether the floats say what the numbers do: none has overflowed, and no integer was rounded.
    private static func keep(_ numbers: [Double], _ floats: [Float]) -> Bool {
        zip(numbers, floats).allSatisfy { number, float in
            guard float.isFinite else { return false }
            // Between these bounds a whole number may be an integer that a Float rounds, or a Float's own digits.
            guard abs(number) > 0x1p24, abs(number) < 0x1p53, number == number.rounded() else { return true }
            return Double(float) == number || Double(float.description) == number
        }
    }

    private static func text(_ value: JSONValue) throws -> String {
        try String(decoding: value.serialized(), as: UTF8.self)
    }
}
