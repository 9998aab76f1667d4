/// A number with its intervals, or the reason why there is none.
///
/// In JSON `{"value": 0.91, "intervals": [...]}` or `{"value": null, "undefined": "there is no positive case"}`.
public struct Metric: Sendable, Hashable {
    /// nil exactly when `undefined` is not.
    public let value: Double?
    public let undefined: Undefined?
    /// The first is the one to print where there is room for one.
    public var intervals: [Interval] = []
    /// Intervals that were asked for and do not exist.
    public var missingIntervals: [MissingInterval] = []

    /// - Precondition: `value` is finite.
    public init(_ value: Double, intervals: [Interval] = []) {
        precondition(value.isFinite, "a metric that is not finite is undefined")
        self.value = value
        undefined = nil
        self.intervals = intervals
    }

    public init(undefined reason: Undefined) {
        value = nil
        undefined = reason
    }

    /// The value that `compute` returns, or the reason that it throws.
    public init(_ compute: () throws(Undefined) -> Double) {
        do throws(Undefined) {
            self.init(try compute())
        } catch {
            self.init(undefined: error)
        }
    }

    public var interval: Interval? { intervals.first }

    /// Adds the interval that `compute` returns, or notes why there is none; nothing when the value is undefined.
    public mutating func addInterval(_ method: Interval.Method, _ compute: () throws(Undefined) -> Interval) {
        guard value != nil else { return }
        do throws(Undefined) {
            intervals.append(try compute())
        } catch {
            missingIntervals.append(MissingInterval(method: method, undefined: error))
        }
    }
}

/// A confidence interval, and how it was made.
public struct Interval: Sendable, Hashable, Codable {
    public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
        /// Normal interval from DeLong's variance, cut at 0 and 1; from Obuchowski's where patients are known.
        case deLong = "delong"
        /// The same on the logit scale, which stays inside 0...1 by itself.
        case deLongLogit = "delong_logit"
        case bootstrapPercentile = "bootstrap_percentile"
        case bootstrapBCa = "bootstrap_bca"
        case wilson
        case clopperPearson = "clopper_pearson"
    }

    public let method: Method
    /// Coverage: 0.95 for a 95 % interval.
    public let level: Double
    public let lower: Double
    public let upper: Double

    public init(method: Method, level: Double, lower: Double, upper: Double) {
        self.method = method
        self.level = level
        self.lower = lower
        self.upper = upper
    }

    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// An interval that was asked for and does not exist.
public struct MissingInterval: Sendable, Hashable, Codable {
    public let method: Interval.Method
    public let undefined: Undefined
}

extension Metric: Codable {
    private enum CodingKeys: String, CodingKey {
        case value, undefined, intervals
        case missingIntervals = "missing_intervals"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(value, forKey: .value)
        try container.encodeIfPresent(undefined, forKey: .undefined)
        if !intervals.isEmpty { try container.encode(intervals, forKey: .intervals) }
        if !missingIntervals.isEmpty { try container.encode(missingIntervals, forKey: .missingIntervals) }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        value = try container.decodeIfPresent(Double.self, forKey: .value)
        undefined = try container.decodeIfPresent(Undefined.self, forKey: .undefined)
        intervals = try container.decodeIfPresent([Interval].self, forKey: .intervals) ?? []
        missingIntervals = try container.decodeIfPresent([MissingInterval].self, forKey: .missingIntervals) ?? []
        guard (value == nil) != (undefined == nil) else {
            throw DecodingError.dataCorruptedError(
                forKey: .value, in: container, debugDescription: "A metric has a value or a reason, never both.")
        }
    }
}
