/// How far a stage is, in words and as a bar. Pure: the terminal is ``ProgressBar``'s concern.
package struct ProgressText {
    package var stage: String
    package var completed: Int
    /// nil while unknown.
    package var total: Int?
    /// Items per second; nil while unknown.
    package var rate: Double?
    /// Seconds since the stage began.
    package var elapsed: Double
    /// A word on how it goes; nil for none.
    package var detail: String?

    package init(
        stage: String, completed: Int, total: Int?, rate: Double?, elapsed: Double, detail: String? = nil
    ) {
        self.stage = stage
        self.completed = completed
        self.total = total
        self.rate = rate
        self.elapsed = elapsed
        self.detail = detail
    }

    /// One redrawn line of at most `width - 1` letters: `embed ━━━━━━──── 55 % 1,485/2,700 52.1/s 0:23 left`.
    package func bar(width: Int, isColoured: Bool, isUnicode: Bool) -> String {
        var parts = [stage]
        if isUncounted {
            parts.append(Self.duration(elapsed))
        } else if let total {
            parts.append("\(percent(of: total)) %")
            parts.append("\(Self.count(completed))/\(Self.count(total))")
        } else {
            parts.append(Self.count(completed))
        }
        if !isUncounted { parts += speed }
        if let detail { parts.append(detail) }
        let text = parts.joined(separator: "  ")
        let cells = min(40, width - 3 - text.count)
        guard let total, cells >= 8 else { return String(text.prefix(max(0, width - 1))) }

        let filled = total > 0 ? min(cells, completed * cells / total) : cells
        let done = String(repeating: isUnicode ? "━" : "#", count: filled)
        let rest = String(repeating: isUnicode ? "─" : ".", count: cells - filled)
        let bar = isColoured ? "\u{1B}[32m\(done)\u{1B}[0m\u{1B}[2m\(rest)\u{1B}[0m" : done + rest
        return ([stage, bar] + parts.dropFirst()).joined(separator: "  ")
    }

    /// A line for a log: `embed: 1,485 of 2,700 (55 %), 52.1/s, 0:23 left`.
    package var line: String {
        if isUncounted { return "\(stage): \(Self.duration(elapsed))" }
        var parts = [Self.count(completed)]
        if let total { parts = ["\(Self.count(completed)) of \(Self.count(total)) (\(percent(of: total)) %)"] }
        return "\(stage): " + (parts + speed + (detail.map { [$0] } ?? [])).joined(separator: ", ")
    }

    /// The last line of a stage: `embed: 2,700 in 0:52 (51.9/s)`; rate is then the whole stage's.
    package var ending: String {
        if isUncounted { return "\(stage): \(Self.duration(elapsed))" }
        let speed = rate.map { " (\(Self.rate($0)))" } ?? ""
        let part = total.map { $0 > completed ? " of \(Self.count($0))" : "" } ?? ""
        return "\(stage): \(Self.count(completed))\(part) in \(Self.duration(elapsed))\(speed)"
    }

    /// One piece of work, such as compiling a model: only its time is known.
    private var isUncounted: Bool { total == nil && completed == 0 }

    private var speed: [String] {
        guard let rate else { return [] }
        guard let total, total > completed, rate > 0 else { return [Self.rate(rate)] }
        return [Self.rate(rate), Self.duration(Double(total - completed) / rate) + " left"]
    }

    private func percent(of total: Int) -> Int { total > 0 ? min(100, completed * 100 / total) : 100 }

    /// `1234567` as `1,234,567`.
    package static func count(_ value: Int) -> String {
        var text = ""
        for (index, digit) in String(value.magnitude).reversed().enumerated() {
            if index > 0 && index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }

    /// `0:07`, `12:34`, `1:02:03`, and days for what hardly moves.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        if whole >= 172_800 { return "\(whole / 86_400) days" }
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let minutes = whole / 60
        if minutes < 60 { return "\(minutes):\(two(whole % 60))" }
        return "\(minutes / 60):\(two(minutes % 60)):\(two(whole % 60))"
    }

    /// `1,234/s`, `52.1/s`, and below one a second `4.0 s each`.
    package static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite, perSecond > 0, perSecond < 1e15 else { return "0/s" }
        if perSecond < 1 { return oneDecimal(min(1 / perSecond, 1e9)) + " s each" }
        return perSecond < 100 ? oneDecimal(perSecond) + "/s" : count(Int(perSecond.rounded())) + "/s"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(count(tenths / 10)).\(tenths % 10)"
    }
}
