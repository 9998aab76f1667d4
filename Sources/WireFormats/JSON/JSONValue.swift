import Foundation
public import LightboxCore

/// A JSON document (RFC 8259) with the order of its members kept.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits.
    case integer(Int64)
    case number(Double)
    case string(String)
    /// An array of one or more numbers, each exactly a Double: how feature vectors come.
    case numbers([Double])
    /// Any other array.
    case array([JSONValue])
    case object([JSONMember])

    /// The value of a member; of two with one name the last. nil for anything but an object.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    public var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// Any number.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// An array of numbers, rounded to Float; the empty array too.
    public var floats: [Float]? {
        switch self {
        case .numbers(let values): values.map { Float($0) }
        case .array(let values) where values.isEmpty: []
        default: nil
        }
    }

    /// The elements of any array.
    public var elements: [JSONValue]? {
        switch self {
        case .numbers(let values): values.map { .number($0) }
        case .array(let values): values
        default: nil
        }
    }

    public var members: [JSONMember]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The bytes of `{"b64": "…"}`, as Google's prediction services take images.
    public var base64: Bytes? {
        guard case .object(let members) = self, members.count == 1, members[0].name == "b64" else { return nil }
        return members[0].value.string.flatMap { Base64.decode($0) }.map { Bytes($0) }
    }

    /// `{"b64": "…"}` of some bytes.
    public static func base64(_ bytes: Bytes) -> JSONValue {
        let text = bytes.withUnsafeBytes { Data($0).base64EncodedString() }
        return .object([JSONMember("b64", .string(text))])
    }
}

/// A name and its value in a JSON object.
public struct JSONMember: Sendable, Equatable {
    public let name: String
    public let value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}

/// Base 64 (RFC 4648) as senders write it: both alphabets, with or without the `=` at the end.
package enum Base64 {
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()

    /// nil for any other character, or a length that no bytes have.
    package static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { input -> [UInt8]? in
            var count = input.count
            for _ in 0..<2 where count > 0 && count % 4 != 1 && input[count - 1] == UInt8(ascii: "=") {
                count -= 1
            }
            guard count % 4 != 1 else { return nil }
            var valid = true
            let output = [UInt8](unsafeUninitializedCapacity: count / 4 * 3 + 3) { output, filled in
                values.withUnsafeBufferPointer { values in
                    var bits: UInt32 = 0
                    var seen: UInt8 = 0
                    for index in 0..<count {
                        let value = values[Int(input[index])]
                        seen |= value  // a digit has six bits; 255 marks what is none
                        bits = bits << 6 | UInt32(value & 63)
                        guard index % 4 != 0 else { continue }
                        output[filled] = UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index % 4)))
                        filled += 1
                    }
                    valid = seen < 64
                }
            }
            return valid ? output : nil
        }
    }
}
