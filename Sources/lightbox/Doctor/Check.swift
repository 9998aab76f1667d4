/// One thing that ``Doctor`` looked at.
package struct Check: Sendable, Encodable, Equatable {
    package enum State: String, Sendable, Encodable {
        case ok
        /// Something works less well, or is not needed.
        case note
        /// Lightbox cannot do its work without it.
        case missing
    }

    package let name: String
    package let state: State
    /// What is there, in a few words.
    package let found: String
    /// What the reader can do.
    package let remedy: String?

    package init(_ name: String, _ state: State, _ found: String, remedy: String? = nil) {
        self.name = name
        self.state = state
        self.found = found
        self.remedy = remedy
    }

    /// Aligned lines, the remedy below its check.
    package static func text(_ checks: [Check]) -> String {
        let width = checks.map(\.name.count).max() ?? 0
        return checks.map { check in
            let mark =
                switch check.state {
                case .ok: "ok      "
                case .note: "note    "
                case .missing: "MISSING "
                }
            let gap = String(repeating: " ", count: width - check.name.count + 2)
            let remedy = check.remedy.map { "\n" + String(repeating: " ", count: 8 + width + 2) + $0 } ?? ""
            return mark + check.name + gap + check.found + remedy
        }.joined(separator: "\n")
    }
}
