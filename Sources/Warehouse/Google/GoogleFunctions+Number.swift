import Foundation
import GRDBSQLite

extension GoogleFunctions {
    static let numbers: [Entry] = [
        (
            "lightbox_divide", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                guard real(arguments, 1) != 0 else {
                    return fail(context, "division by zero")
                }
                give(context, real(arguments, 0) / real(arguments, 1))
            }
        ),
        (
            "lightbox_ieee_divide", 2...2,
            { context, count, arguments in
                if !isNull(context, count, arguments) { give(context, real(arguments, 0) / real(arguments, 1)) }
            }
        ),
        (
            "lightbox_div", 2...2,
            { context, count, arguments in
                whole(context, count, arguments, "division") { $0.dividedReportingOverflow(by: $1) }
            }
        ),
        (
            "lightbox_mod", 2...2,
            { context, count, arguments in
                whole(context, count, arguments, "division") {
                    $1 == -1 ? (0, false) : $0.remainderReportingOverflow(dividingBy: $1)
                }
            }
        ),
        (
            "lightbox_round", 2...2,
            { context, count, arguments in
                if !isNull(context, count, arguments) {
                    give(context, rounded(real(arguments, 0), integer(arguments, 1)))
                }
            }
        ),
        (
            "lightbox_sqrt", 1...1,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                real(arguments, 0) < 0
                    ? fail(context, "Argument to SQRT cannot be negative")
                    : give(context, real(arguments, 0).squareRoot())
            }
        ),
        (
            "lightbox_ln", 1...1,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                real(arguments, 0) <= 0
                    ? fail(context, "LN is undefined for zero or negative value")
                    : give(context, log(real(arguments, 0)))
            }
        ),
        (
            "lightbox_exp", 1...1,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let result = exp(real(arguments, 0))
                result.isInfinite
                    ? fail(context, "Floating point overflow in function: EXP") : give(context, result)
            }
        ),
        (
            "lightbox_pow", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let result = pow(real(arguments, 0), real(arguments, 1))
                result.isFinite ? give(context, result) : fail(context, "Floating point error in function: POW")
            }
        ),
    ]

    private static func whole(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: Arguments?, _ what: String,
        _ body: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) {
        guard !isNull(context, count, arguments) else { return }
        guard integer(arguments, 1) != 0 else { return fail(context, "\(what) by zero") }
        let (value, overflow) = body(integer(arguments, 0), integer(arguments, 1))
        overflow ? fail(context, "int64 overflow") : give(context, value)
    }

    /// Halves go away from zero.
    private static func rounded(_ value: Double, _ digits: Int) -> Double {
        guard value.isFinite, abs(digits) <= 300 else { return digits < 0 ? 0 : value }
        guard digits != 0 else { return value.rounded() }
        let scale = pow(10, Double(abs(digits)))
        let scaled = (digits > 0 ? value * scale : value / scale).rounded()
        guard scaled.isFinite else { return value }
        return digits > 0 ? scaled / scale : scaled * scale
    }

    // MARK: Casts

    static let casts: [Entry] = [
        (
            "lightbox_to_int", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                var result: Int?
                if sqlite3_value_type(arguments?[0]) == SQLITE_TEXT {
                    result = wholeNumber(text(arguments, 0).trimmingCharacters(in: .whitespaces))
                } else if sqlite3_value_type(arguments?[0]) == SQLITE_INTEGER {
                    result = integer(arguments, 0)
                } else {
                    result = Int(exactly: real(arguments, 0).rounded())
                }
                if let result { return give(context, result) }
                refuse(context, arguments, "int64")
            }
        ),
        (
            "lightbox_to_float", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let text = text(arguments, 0).trimmingCharacters(in: .whitespaces)
                let isHexadecimal = text.contains { $0 == "x" || $0 == "X" || $0 == "p" || $0 == "P" }
                guard !isHexadecimal, let number = Double(text) else {
                    return refuse(context, arguments, "double")
                }
                give(context, number)
            }
        ),
        (
            "lightbox_to_bool", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                switch text(arguments, 0).lowercased() {
                case "true": give(context, true)
                case "false": give(context, false)
                default: refuse(context, arguments, "bool")
                }
            }
        ),
        (
            "lightbox_to_text", 1...1,
            { context, count, arguments in
                if !isNull(context, count, arguments) { give(context, written(real(arguments, 0))) }
            }
        ),
    ]

    /// Digits with a sign; also hexadecimal ones.
    private static func wholeNumber(_ text: String) -> Int? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard digits.lowercased().hasPrefix("0x") else { return Int(text) }
        return Int((text.hasPrefix("-") ? "-" : "") + digits.dropFirst(2), radix: 16)
    }

    /// The value itself may identify a patient and is not told.
    private static func refuse(_ context: OpaquePointer?, _ arguments: Arguments?, _ type: String) {
        integer(arguments, 1) == 1 ? sqlite3_result_null(context) : fail(context, "Bad \(type) value")
    }

    static func written(_ number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
