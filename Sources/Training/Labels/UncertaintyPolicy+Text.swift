extension UncertaintyPolicy: CustomStringConvertible {
    /// Reads a policy as typed.
    ///
    /// A rule is `u=0.4,w=0.75`, `ignore`, `zeros`, `ones`, `hybrid` or `learned`. Before it may stand a
    /// label and a colon. Several rules are separated by spaces or semicolons; a later one wins.
    ///
    /// - Throws: ``TrainingError``, quoting the rule that cannot be read.
    public init(parsing text: String) throws {
        try self.init(parsing: [text])
    }

    /// As an option given several times; labels without a rule follow ``UncertaintyRule/ignore``.
    public init(parsing texts: [String]) throws {
        self.init(.ignore)
        for rule in texts.flatMap({ $0.split { $0 == " " || $0 == ";" } }) {
            let parts = rule.split(separator: ":", omittingEmptySubsequences: false)
            switch parts.count {
            case 1: standard = try UncertaintyRule(parsing: String(parts[0]))
            case 2 where !parts[0].isEmpty:
                perLabel[Self.folded(String(parts[0]))] = try UncertaintyRule(parsing: String(parts[1]))
            default: throw UncertaintyRule.unreadable(String(rule))
            }
        }
    }

    /// A text that ``init(parsing:)-(String)`` reads back.
    public var description: String {
        let own = perLabel.map { "\(Self.folded($0.key)):\($0.value)" }.sorted()
        return ([standard.description] + own).joined(separator: ";")
    }
}

extension UncertaintyPolicy: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UncertaintyRule: CustomStringConvertible {
    /// Reads `u=0.4,w=0.75` or a name.
    public init(parsing text: String) throws {
        if let named = Self.named.first(where: { $0.name == text.lowercased() }) {
            self = named.rule
            return
        }
        var values: [Substring: Double] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let value = Double(sides[1]), (0...1).contains(value),
                values.updateValue(value, forKey: sides[0]) == nil
            else { throw Self.unreadable(text) }
        }
        guard values.count == 2, let u = values["u"], let w = values["w"] else { throw Self.unreadable(text) }
        self.init(u: u, w: w)
    }

    public var description: String {
        if let named = Self.named.first(where: { $0.rule == self }) { return named.name }
        return "u=\(u),w=\(w)"
    }

    static func unreadable(_ text: String) -> TrainingError {
        TrainingError(
            .badSetting, "--uncertain", "cannot read \"\(text)\"",
            remedy: "Write u=0.4,w=0.75 with numbers from 0 to 1, ignore, zeros, ones, hybrid or learned; "
                + "for one label edema:u=0.4,w=0.75.")
    }
}
