package import Foundation

/// When an exchange that failed is tried again, and after how long.
///
/// The wait doubles from try to try, each drawn from its upper half, so that many clients of one server that stumbled
/// do not come back together. `Retry-After` is obeyed up to ``longestDelay``.
public struct RetryPolicy: Sendable, Hashable {
    /// The first try counted.
    public var attempts = 7
    public var firstDelay = 0.25
    public var longestDelay = 20.0
    /// Of all tries and waits together, in seconds; bytes that arrive begin it anew.
    public var totalSeconds = 300.0

    public init() {}

    /// In seconds, before try `attempt` (the first repetition is 2).
    ///
    /// - Parameter chance: in 0..<1.
    package func delay(before attempt: Int, retryAfter: Double? = nil, chance: Double) -> Double {
        let longest = min(longestDelay, firstDelay * pow(2, Double(min(attempt - 2, 30))))
        let wait = longest * (0.5 + chance / 2)
        return max(wait, min(retryAfter ?? 0, longestDelay))
    }

    /// Busy, too slow, or broken for a moment.
    package static func isPassing(status: Int) -> Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    /// libcurl's codes for a connection that was not made or did not hold: resolving (6), connecting (7), half a body
    /// (18), too slow (28), TLS broken off (35), nothing came (52), sending (55), receiving (56), HTTP/2 (16, 92).
    package static func isPassing(code: Int) -> Bool { [6, 7, 16, 18, 28, 35, 52, 55, 56, 92].contains(code) }

    /// Seconds, from a number or a date (RFC 9110, section 10.2.3).
    package static func retryAfter(_ text: String?, now: Date = Date()) -> Double? {
        guard let text else { return nil }
        if let seconds = Int(text), seconds >= 0 { return Double(seconds) }
        return Timestamp.http(text).map { max(0, $0.timeIntervalSince(now)) }
    }
}
