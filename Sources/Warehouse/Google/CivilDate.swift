/// A day from 0001-01-01 to 9999-12-31.
package struct CivilDate: Equatable, Sendable {
    let year: Int
    let month: Int
    let day: Int

    init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(month, of: year)
        else {
            return nil
        }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// - Parameter number: of days since 1970-01-01.
    init?(number: Int) {
        guard (-719_162...2_932_896).contains(number) else { return nil }
        // Of years that begin in March, so that the leap day is the last.
        let days = number + 719_468
        let era = days / 146_097
        let inEra = days - era * 146_097
        let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let dayOfYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    init?(_ text: String) {
        let parts = text.prefix(10).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]) else {
            return nil
        }
        self.init(year: year, month: month, day: day)
    }

    static func days(_ month: Int, of year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    var text: String {
        CivilTime.padded(year, 4) + "-" + CivilTime.padded(month, 2) + "-" + CivilTime.padded(day, 2)
    }

    var number: Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// 0 on Sundays.
    var weekday: Int { (number % 7 + 11) % 7 }
    var dayOfYear: Int { number - (CivilDate(year: year, month: 1, day: 1)?.number ?? 0) + 1 }
    private var months: Int { year * 12 + month - 1 }

    /// The year that ISO 8601 counts its week in, and the week.
    var isoWeek: (year: Int, week: Int) {
        let thursday = number - (weekday + 6) % 7 + 3
        guard let day = CivilDate(number: thursday) else { return (year, 1) }
        return (day.year, (day.dayOfYear - 1) / 7 + 1)
    }

    /// A month later the same day, or the last one of a shorter month.
    func adding(_ count: Int, _ part: String) -> CivilDate? {
        guard abs(count) < 4_000_000 else { return nil }
        switch part {
        case "DAY": return CivilDate(number: number + count)
        case "WEEK": return CivilDate(number: number + count * 7)
        case "MONTH", "QUARTER", "YEAR":
            let month = months + count * (part == "MONTH" ? 1 : part == "QUARTER" ? 3 : 12)
            guard month >= 12 else { return nil }
            return CivilDate(
                year: month / 12, month: month % 12 + 1, day: min(day, Self.days(month % 12 + 1, of: month / 12)))
        default: return nil
        }
    }

    /// How many borders of a part lie between two days.
    func difference(from other: CivilDate, _ part: String) -> Int? {
        switch part {
        case "DAY": number - other.number
        // 1970-01-04 was a Sunday, 1970-01-05 a Monday.
        case "WEEK": Self.weeks(number - 3) - Self.weeks(other.number - 3)
        case "ISOWEEK": Self.weeks(number - 4) - Self.weeks(other.number - 4)
        case "MONTH": months - other.months
        case "QUARTER": months / 3 - other.months / 3
        case "YEAR": year - other.year
        default: nil
        }
    }

    private static func weeks(_ days: Int) -> Int { days >= 0 ? days / 7 : (days - 6) / 7 }

    func truncated(to part: String) -> CivilDate? {
        switch part {
        case "DAY": self
        case "WEEK": CivilDate(number: number - weekday)
        case "ISOWEEK": CivilDate(number: number - (weekday + 6) % 7)
        case "MONTH": CivilDate(year: year, month: month, day: 1)
        case "QUARTER": CivilDate(year: year, month: (month - 1) / 3 * 3 + 1, day: 1)
        case "YEAR": CivilDate(year: year, month: 1, day: 1)
        default: nil
        }
    }

    func part(_ name: String) -> Int? {
        switch name {
        case "DAY": day
        case "DAYOFWEEK": weekday + 1
        case "DAYOFYEAR": dayOfYear
        case "MONTH": month
        case "QUARTER": (month + 2) / 3
        case "YEAR": year
        case "ISOYEAR": isoWeek.year
        case "ISOWEEK": isoWeek.week
        default: nil
        }
    }
}
