package import Foundation

/// Points in time as servers write them, read and written without the locale's help.
package enum Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sat, 21 Nov 2026 14:00:00 GMT` (RFC 9110, section 5.6.7); nil for the two forms of older days.
    package static func http(_ text: String) -> Date? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "," }).map(String.init)
        guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: parts[2]) else { return nil }
        return date([parts[3], String(month + 1), parts[1], parts[4], parts[5], parts[6]])
    }

    /// The same of a date.
    package static func http(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day =
            "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }

    /// `2026-11-21T14:00:00Z`, with or without fractions of a second.
    package static func iso(_ text: String) -> Date? {
        date(text.prefix(19).split(whereSeparator: { $0 == "-" || $0 == "T" || $0 == ":" }).map(String.init))
    }

    /// `20261121T140000Z`.
    static func compact(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = String(parts.tm_year + 1900) + two(parts.tm_mon + 1) + two(parts.tm_mday)
        return day + "T" + two(parts.tm_hour) + two(parts.tm_min) + two(parts.tm_sec) + "Z"
    }

    /// Year, month, day, hour, minute, second.
    private static func date(_ parts: [String]) -> Date? {
        let numbers = parts.compactMap { Int32($0) }
        guard numbers.count == 6, (1970...9999).contains(numbers[0]), numbers.allSatisfy({ $0 >= 0 }) else {
            return nil
        }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (time.tm_hour, time.tm_min, time.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return Date(timeIntervalSince1970: Double(timegm(&time)))
    }
}
