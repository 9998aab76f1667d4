/// A patient who does not exist, with the studies made of him.
public struct PhantomPatient: Sendable {
    public enum Sex: String, Sendable, Codable {
        case female = "F"
        case male = "M"
    }

    /// From 1.
    public let number: Int
    /// `LB-0001`.
    public let id: String
    /// `PHANTOM^…`, never a person's name.
    public let name: String
    public let sex: Sex
    public let birthDate: PhantomDate
    public let studies: [PhantomStudy]
    let anatomy: Anatomy
}

/// One visit: its pictures, and what is said of them.
public struct PhantomStudy: Sendable {
    /// From 1, in the order of the dates.
    public let number: Int
    public let date: PhantomDate
    /// Seconds since midnight.
    public let time: Int
    /// The patient's age in whole years.
    public let age: Int
    public let views: [ProjectionView]
    public let labels: LabelSet
    let abnormalities: [Abnormality]
    let shape: UInt64
}

/// How the rays go through the body.
public enum ProjectionView: String, Sendable, Codable, CaseIterable {
    case posteroanterior = "PA"
    case anteroposterior = "AP"
    /// The patient's left side at the detector.
    case lateral = "LL"

    public var isFrontal: Bool { self != .lateral }
}

/// A day of the Gregorian calendar.
public struct PhantomDate: Sendable, Equatable, Comparable {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Days are counted in years of twelve months of 28 days, so that every date exists.
    init(ordinal: Int) {
        year = ordinal / 336
        month = ordinal % 336 / 28 + 1
        day = ordinal % 28 + 1
    }

    var ordinal: Int { year * 336 + (month - 1) * 28 + day - 1 }

    /// `20190314`.
    public var digits: String { String(year * 10_000 + month * 100 + day) }

    public static func < (left: PhantomDate, right: PhantomDate) -> Bool { left.ordinal < right.ordinal }
}
