import Catalog
import Figures
import Foundation

/// Numbers and times as pages write them.
enum PageText {
    /// Minutes are enough for people; the whole time stands in the element for programs.
    static func time(_ date: Date) -> HTML {
        let whole = date.formatted(.iso8601)
        let shown = whole.prefix(16).replacingOccurrences(of: "T", with: " ")
        return "<time datetime=\"\(whole)\">\(shown) UTC</time>"
    }

    /// The time of day, to the second.
    static func clock(_ date: Date) -> HTML {
        let whole = date.formatted(.iso8601)
        return "<time datetime=\"\(whole)\">\(String(whole.dropFirst(11).prefix(8)))</time>"
    }

    /// `3.4 MB`.
    static func size(_ bytes: Int) -> String {
        var value = Double(bytes)
        for unit in ["bytes", "kB", "MB", "GB"] {
            if value < 1000 || unit == "GB" {
                return unit == "bytes"
                    ? "\(bytes) bytes" : Number.decimal(value, digits: value < 10 ? 1 : 0) + " \(unit)"
            }
            value /= 1000
        }
        return ""
    }

    /// `2 h 5 min`, `12 s`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    /// Few digits for large numbers, enough for small ones.
    static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return Number.grouped(Int(value)) }
        return abs(value) >= 0.001 && abs(value) < 1e6
            ? Number.decimal(value, digits: 4) : String(format: "%.3g", value)
    }

    /// `[any, 224, 224, 3]`.
    static func shape(_ lengths: [Int?]) -> String {
        "[" + lengths.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
    }
}

/// A state in words with a sign before it, so that colour is not needed to tell.
enum Badge {
    private enum Look: String {
        case good, bad, busy, waiting, stopped

        var sign: String {
            switch self {
            case .good: "✓"
            case .bad: "✕"
            case .busy: "◐"
            case .waiting: "○"
            case .stopped: "■"
            }
        }
    }

    static func html(_ state: Job.State) -> HTML { badge(state.rawValue, look(state)) }

    static func html(_ state: ModelVersion.State) -> HTML {
        switch state {
        case .ready: badge(state.rawValue, .good)
        case .failed: badge(state.rawValue, .bad)
        case .creating, .deleting, .updating: badge(state.rawValue, .busy)
        }
    }

    private static func look(_ state: Job.State) -> Look {
        switch state {
        case .queued: .waiting
        case .preparing, .running, .cancelling: .busy
        case .succeeded: .good
        case .failed: .bad
        case .cancelled: .stopped
        }
    }

    private static func badge(_ word: String, _ look: Look) -> HTML {
        "<span class=\"badge \(look.rawValue)\"><span aria-hidden=\"true\">\(look.sign)</span> \(word)</span>"
    }
}
