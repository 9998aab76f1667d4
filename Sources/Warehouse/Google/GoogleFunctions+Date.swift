import Foundation
import GRDBSQLite

extension GoogleFunctions {
    static let dates: [Entry] = [
        (
            "lightbox_now", 0...0,
            { context, _, _ in
                let now = Date().timeIntervalSince1970
                let (seconds, micros) = (Int(now), Int(now.truncatingRemainder(dividingBy: 1) * 1e6))
                let date = CivilDate(number: seconds / 86400)?.text ?? ""
                let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { CivilTime.padded($0, 2) }
                give(context, "\(date) \(clock.joined(separator: ":")).\(CivilTime.padded(micros, 6))")
            }
        ),
        (
            "lightbox_to_time", 3...3,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let type = text(arguments, 1)
                if let value = CivilTime.canonical(text(arguments, 0), as: type) { return give(context, value) }
                integer(arguments, 2) == 1
                    ? sqlite3_result_null(context) : fail(context, "Invalid \(type.lowercased()) string")
            }
        ),
        (
            "lightbox_date_add", 3...3,
            { context, count, arguments in
                withDate(context, count, arguments) {
                    give(
                        context, $0.adding(integer(arguments, 1), text(arguments, 2))?.text,
                        "The date is out of range")
                }
            }
        ),
        (
            "lightbox_date_diff", 3...3,
            { context, count, arguments in
                withDate(context, count, arguments) { date in
                    let other = CivilDate(text(arguments, 1))
                    guard let other, let number = date.difference(from: other, text(arguments, 2)) else {
                        return fail(context, "Invalid date")
                    }
                    give(context, number)
                }
            }
        ),
        (
            "lightbox_date_trunc", 2...2,
            { context, count, arguments in
                withDate(context, count, arguments) {
                    give(context, $0.truncated(to: text(arguments, 1))?.text, "The date is out of range")
                }
            }
        ),
        (
            "lightbox_date_part", 2...2,
            { context, count, arguments in
                withDate(context, count, arguments) { date in
                    guard let number = date.part(text(arguments, 1)) else {
                        return fail(context, "Unknown part of a date")
                    }
                    give(context, number)
                }
            }
        ),
        (
            "lightbox_format_date", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                guard let date = CivilDate(text(arguments, 1)) else { return fail(context, "Invalid date") }
                give(
                    context, CivilTime.format(text(arguments, 0), date),
                    "This format of a date is not written here")
            }
        ),
        (
            "lightbox_parse_date", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                give(
                    context, CivilTime.parse(text(arguments, 0), text(arguments, 1))?.text,
                    "Failed to parse input string as a date by this format")
            }
        ),
    ]

    private static func withDate(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: Arguments?, _ body: (CivilDate) -> Void
    ) {
        guard !isNull(context, count, arguments) else { return }
        guard let date = CivilDate(text(arguments, 0)) else { return fail(context, "Invalid date") }
        body(date)
    }

    private static func give(_ context: OpaquePointer?, _ text: String?, _ problem: String) {
        text == nil ? fail(context, problem) : give(context, text)
    }
}
