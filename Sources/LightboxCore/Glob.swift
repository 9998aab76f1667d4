/// A pattern for paths and object names, as shells and `gs://` tools write them.
///
/// * `*` stands for any characters but `/`, `?` for one of them, `[a-z]` and `[!a-z]` for one of a set.
/// * `**` stands for any characters, `/` included, so `data**.dcm` finds `data/a/b.dcm`; the form `**/` at the
///   start of a name also stands for nothing, so `data/**/*.dcm` finds `data/a.dcm` too.
/// * `\` takes the next character as it is; a `[` without its `]` is a plain character.
/// * No wildcard stands for a dot that begins a name: hidden and half-written files are asked for by name.
///
/// Matching takes time in proportion to pattern length times name length, whatever the pattern.
public struct Glob: Sendable, Hashable {
    public let pattern: String
    let tokens: [Token]

    enum Token: Sendable, Hashable {
        case literal(Unicode.Scalar)
        /// `?`
        case one
        /// `[…]`
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)
        /// `*`
        case many
        /// `**`
        case deep
        /// `**/`, before its first character and within it.
        case foldersStart, foldersRest
    }

    public init(_ pattern: String) {
        self.pattern = pattern
        tokens = Self.tokenise(Array(pattern.unicodeScalars))
    }

    /// Whether `text` has a character that a pattern gives a meaning to.
    public static func hasWildcards(_ text: String) -> Bool {
        Glob(text).tokens.contains { if case .literal = $0 { false } else { true } }
    }

    public func matches(_ name: String) -> Bool {
        accepts(advance(start, over: name))
    }

    private static func tokenise(_ scalars: [Unicode.Scalar]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "\\" where index < scalars.count:
                tokens.append(.literal(scalars[index]))
                index += 1
            case "?": tokens.append(.one)
            case "*":
                guard index < scalars.count, scalars[index] == "*" else {
                    tokens.append(.many)
                    continue
                }
                while index < scalars.count, scalars[index] == "*" { index += 1 }
                let startsName = tokens.isEmpty || tokens.last == .literal("/") || tokens.last == .foldersRest
                if startsName, index < scalars.count, scalars[index] == "/" {
                    index += 1
                    tokens += [.foldersStart, .foldersRest]
                } else {
                    tokens.append(.deep)
                }
            case "[":
                if let (token, end) = set(scalars, from: index) {
                    tokens.append(token)
                    index = end
                } else {
                    tokens.append(.literal(scalar))
                }
            default: tokens.append(.literal(scalar))
            }
        }
        return tokens
    }

    /// The set behind a `[`, and the index behind its `]`; a `]` in first place belongs to the set.
    private static func set(_ scalars: [Unicode.Scalar], from start: Int) -> (Token, Int)? {
        var index = start
        let negated = index < scalars.count && (scalars[index] == "!" || scalars[index] == "^")
        if negated { index += 1 }
        let first = index
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while index < scalars.count, scalars[index] != "/" {
            if scalars[index] == "]" && index > first { return (.oneOf(ranges, negated: negated), index + 1) }
            let low = scalars[index]
            if index + 2 < scalars.count, scalars[index + 1] == "-", scalars[index + 2] != "]" {
                let high = scalars[index + 2]
                if low <= high { ranges.append(low...high) }
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        return nil
    }
}

/// Matching in steps, so that a walk over folders can leave out those in which nothing can match.
extension Glob {
    /// Which tokens may come next after some text: a set of positions, all followed at once.
    struct State {
        var positions: [Bool]
        /// Whether the next character begins a name.
        var startsName = true
        var isEmpty: Bool { !positions.contains(true) }
    }

    var start: State {
        var state = State(positions: Array(repeating: false, count: tokens.count + 1))
        enter(0, &state.positions)
        return state
    }

    func accepts(_ state: State) -> Bool { state.positions[tokens.count] }

    func advance(_ state: State, over text: String) -> State {
        var state = state
        var next = state.positions
        for scalar in text.unicodeScalars {
            for index in next.indices { next[index] = false }
            step(state, scalar, into: &next)
            swap(&state.positions, &next)
            state.startsName = scalar == "/"
            if state.isEmpty { break }
        }
        return state
    }

    private func step(_ state: State, _ scalar: Unicode.Scalar, into next: inout [Bool]) {
        let isHidden = scalar == "." && state.startsName
        for index in tokens.indices where state.positions[index] {
            switch tokens[index] {
            case .literal(let expected): if scalar == expected { enter(index + 1, &next) }
            case .one: if scalar != "/" && !isHidden { enter(index + 1, &next) }
            case .oneOf(let ranges, let negated):
                let isInside = ranges.contains { $0.contains(scalar) }
                if isInside != negated && scalar != "/" && !isHidden { enter(index + 1, &next) }
            case .many: if scalar != "/" && !isHidden { enter(index, &next) }
            case .deep: if !isHidden { enter(index, &next) }
            case .foldersStart: if !isHidden && scalar != "/" { enter(index + 1, &next) }
            case .foldersRest:
                if !isHidden { enter(index, &next) }
                if scalar == "/" { enter(index + 1, &next) }
            }
        }
    }

    /// Adds a position and those reached from it without a character.
    private func enter(_ position: Int, _ positions: inout [Bool]) {
        guard !positions[position] else { return }
        positions[position] = true
        guard position < tokens.count else { return }
        switch tokens[position] {
        case .many, .deep: enter(position + 1, &positions)
        case .foldersStart: enter(position + 2, &positions)
        default: break
        }
    }
}
