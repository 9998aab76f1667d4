/// Days of the Gregorian calendar, as texts of ISO 8601 in one form: `2020-01-31`, `2020-01-31 23:59:59.000001`.
package enum CivilTime {
    /// A text in the one form that values of a type (DATE, DATETIME, TIMESTAMP) have; nil for one that is none.
    ///
    /// Times are UTC; another zone is taken into account where it is written as `+01:00`.
    package static func canonical(_ text: String, as type: String) -> String? {
        var rest = text[...]
        while rest.first?.isWhitespace ?? false { rest.removeFirst() }
        while rest.last?.isWhitespace ?? false { rest.removeLast() }
        guard let year = digits(&rest, 4...4), take(&rest, "-"), let month = digits(&rest, 1...2),
            take(&rest, "-"),
            let day = digits(&rest, 1...2), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        if type == "DATE" {
            // A date with a time is its day.
            return rest.isEmpty || clock(&rest) != nil && rest.isEmpty ? date.text : nil
        }
        guard !rest.isEmpty else { return date.text + " 00:00:00" }
        guard let (seconds, fraction) = clock(&rest) else { return nil }
        guard let offset = zone(&rest, type), rest.isEmpty else { return nil }
        let moved = seconds - offset
        let days = Int((Double(moved) / 86400).rounded(.down))
        guard let shifted = CivilDate(number: date.number + days) else { return nil }
        let inDay = moved - days * 86400
        let time = [inDay / 3600, inDay / 60 % 60, inDay % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(shifted.text) \(time)" + (fraction == 0 ? "" : "." + padded(fraction, 6))
    }

    /// `T12:30[:15[.25]]` in seconds and millionths.
    private static func clock(_ rest: inout Substring) -> (Int, Int)? {
        guard take(&rest, "T") || take(&rest, "t") || take(&rest, " "), let hour = digits(&rest, 1...2), hour < 24,
            take(&rest, ":"), let minute = digits(&rest, 1...2), minute < 60
        else { return nil }
        var (second, fraction) = (0, 0)
        if take(&rest, ":") {
            guard let value = digits(&rest, 1...2), value < 60 else { return nil }
            second = value
            if take(&rest, ".") {
                let spelled = rest.prefix { $0.isASCII && $0.isNumber }
                guard (1...6).contains(spelled.count) else { return nil }
                rest = rest.dropFirst(spelled.count)
                fraction = Int(spelled + String(repeating: "0", count: 6 - spelled.count)) ?? 0
            }
        }
        return (hour * 3600 + minute * 60 + second, fraction)
    }

    /// Seconds east of Greenwich; nil for a zone that is a name.
    private static func zone(_ rest: inout Substring, _ type: String) -> Int? {
        guard type == "TIMESTAMP" else { return rest.isEmpty ? 0 : nil }
        _ = take(&rest, " ")
        if rest.isEmpty { return 0 }
        if rest == "Z" || rest == "z" || rest.uppercased() == "UTC" {
            rest = ""
            return 0
        }
        let sign = take(&rest, "+") ? 1 : take(&rest, "-") ? -1 : 0
        guard sign != 0, let hours = digits(&rest, 1...2), hours < 15 else { return nil }
        guard !rest.isEmpty else { return sign * hours * 3600 }
        _ = take(&rest, ":")
        guard let minutes = digits(&rest, 2...2), minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private static func take(_ rest: inout Substring, _ sign: Character) -> Bool {
        guard rest.first == sign else { return false }
        rest.removeFirst()
        return true
    }

    private static func digits(_ rest: inout Substring, _ counts: ClosedRange<Int>) -> Int? {
        let spelled = rest.prefix(counts.upperBound).prefix { $0.isASCII && $0.isNumber }
        guard spelled.count >= counts.lowerBound else { return nil }
        rest = rest.dropFirst(spelled.count)
        return Int(spelled)
    }

    static func padded(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    // MARK: By strftime's letters

    /// - Returns: nil for a format that is not written here.
    static func format(_ format: String, _ date: CivilDate) -> String? {
        var output = ""
        var rest = format[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                output.append(character)
                continue
            }
            switch rest.popFirst() {
            case "Y": output += padded(date.year, 4)
            case "m": output += padded(date.month, 2)
            case "d": output += padded(date.day, 2)
            case "y": output += padded(date.year % 100, 2)
            case "F": output += date.text
            case "j": output += padded(date.dayOfYear, 3)
            case "b", "h": output += String(monthNames[date.month - 1].prefix(3))
            case "B": output += monthNames[date.month - 1]
            case "a": output += String(dayNames[date.weekday].prefix(3))
            case "A": output += dayNames[date.weekday]
            case "u": output += "\(date.weekday == 0 ? 7 : date.weekday)"
            case "w": output += "\(date.weekday)"
            case "Q": output += "\((date.month + 2) / 3)"
            case "%": output += "%"
            default: return nil
            }
        }
        return output
    }

    /// - Returns: nil where the text does not go with the format, or the format is not read here.
    static func parse(_ format: String, _ text: String) -> CivilDate? {
        var (rest, pattern) = (text[...], format[...])
        var (year, month, day) = (1970, 1, 1)
        while let character = pattern.popFirst() {
            guard character == "%" else {
                guard take(&rest, character) else { return nil }
                continue
            }
            switch pattern.popFirst() {
            case "Y":
                guard let value = digits(&rest, 4...4) else { return nil }
                year = value
            case "m":
                guard let value = digits(&rest, 1...2) else { return nil }
                month = value
            case "d", "e":
                guard let value = digits(&rest, 1...2) else { return nil }
                day = value
            case "F":
                guard let y = digits(&rest, 4...4), take(&rest, "-"), let m = digits(&rest, 1...2),
                    take(&rest, "-"),
                    let d = digits(&rest, 1...2)
                else { return nil }
                (year, month, day) = (y, m, d)
            case "b", "h", "B":
                let long = monthNames.firstIndex { rest.lowercased().hasPrefix($0.lowercased()) }
                let short = monthNames.firstIndex { rest.lowercased().hasPrefix($0.prefix(3).lowercased()) }
                guard let index = long ?? short else { return nil }
                rest = rest.dropFirst(long == nil ? 3 : monthNames[index].count)
                month = index + 1
            case "%": guard take(&rest, "%") else { return nil }
            default: return nil
            }
        }
        return rest.isEmpty ? CivilDate(year: year, month: month, day: day) : nil
    }

    private static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November",
        "December",
    ]
    private static let dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}
