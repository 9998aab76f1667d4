/// A regular expression in RE2's syntax, matched in time linear in the text, whatever the pattern.
///
/// github.com/google/re2/wiki/Syntax, without Unicode classes (`\pL`), `\Q…\E` and `\C`. Matches are the leftmost ones, and
/// of those the first by the order of the alternatives, as in RE2 and Perl.
package struct LinearPattern: Sendable {
    /// Why a pattern cannot be read.
    package struct Problem: Error { package let words: String }

    enum Step: Sendable {
        case one(ScalarSet)
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case check(PatternNode.Border)
        case match
    }

    let steps: [Step]
    package let groups: Int
    package let root: PatternNode
    private static let mostSteps = 20_000

    package init(_ text: String) throws {
        (root, groups) = try PatternParser.parse(text)
        var steps: [Step] = [.save(0)]
        try Self.compile(root, into: &steps)
        steps += [.save(1), .match]
        self.steps = steps
    }

    private static func compile(_ node: PatternNode, into steps: inout [Step]) throws {
        guard steps.count < mostSteps else { throw Problem(words: "pattern too large") }
        switch node {
        case .empty: break
        case .one(let set): steps.append(.one(set))
        case .border(let border): steps.append(.check(border))
        case .sequence(let nodes): for node in nodes { try compile(node, into: &steps) }
        case .group(let node, let number):
            if let number { steps.append(.save(2 * number)) }
            try compile(node, into: &steps)
            if let number { steps.append(.save(2 * number + 1)) }
        case .choice(let nodes):
            var ends: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index < nodes.count - 1 else {
                    try compile(node, into: &steps)
                    break
                }
                let split = steps.count
                steps.append(.match)
                try compile(node, into: &steps)
                ends.append(steps.count)
                steps.append(.match)
                steps[split] = .split(split + 1, steps.count)
            }
            for end in ends { steps[end] = .jump(steps.count) }
        case .repeated(let node, let low, let high, let isLazy):
            for _ in 0..<low { try compile(node, into: &steps) }
            guard let high else { return try loop(node, isLazy, into: &steps) }
            var splits: [Int] = []
            for _ in low..<max(low, high) {
                splits.append(steps.count)
                steps.append(.match)
                try compile(node, into: &steps)
            }
            for split in splits {
                steps[split] = isLazy ? .split(steps.count, split + 1) : .split(split + 1, steps.count)
            }
        }
    }

    private static func loop(_ node: PatternNode, _ isLazy: Bool, into steps: inout [Step]) throws {
        let split = steps.count
        steps.append(.match)
        try compile(node, into: &steps)
        steps.append(.jump(split))
        steps[split] = isLazy ? .split(steps.count, split + 1) : .split(split + 1, steps.count)
    }

    // MARK: Matching

    private struct Threads {
        var list: [(step: Int, saved: [Int])] = []
        var marks: [Int]

        init(_ count: Int) { marks = [Int](repeating: -1, count: count) }
    }

    /// The first match at or behind a place: begin and end of the whole and of each group, −1 for one without a part in it.
    ///
    /// Thompson's simulation with captures (Pike): every step at most once for each character.
    package func match(_ text: [Unicode.Scalar], from start: Int = 0) -> [Int]? {
        var (now, next) = (Threads(steps.count), Threads(steps.count))
        var found: [Int]?
        for position in start...text.count {
            if found == nil { add(0, [Int](repeating: -1, count: 2 * groups + 2), position, text, &now) }
            if now.list.isEmpty, found != nil { break }
            for thread in now.list {
                if case .match = steps[thread.step] {
                    found = thread.saved
                    break
                }
                guard case .one(let set) = steps[thread.step], position < text.count, set.contains(text[position])
                else {
                    continue
                }
                add(thread.step + 1, thread.saved, position + 1, text, &next)
            }
            swap(&now, &next)
            next.list.removeAll(keepingCapacity: true)
        }
        return found
    }

    /// Follows what takes no character; the more wanted way first.
    private func add(
        _ start: Int, _ saved: [Int], _ position: Int, _ text: [Unicode.Scalar], _ threads: inout Threads
    ) {
        var stack = [(start, saved)]
        while let (step, saved) = stack.popLast() {
            guard threads.marks[step] != position else { continue }
            threads.marks[step] = position
            switch steps[step] {
            case .jump(let target): stack.append((target, saved))
            case .split(let first, let second):
                stack.append((second, saved))
                stack.append((first, saved))
            case .save(let slot):
                var saved = saved
                saved[slot] = position
                stack.append((step + 1, saved))
            case .check(let border): if border.holds(at: position, in: text) { stack.append((step + 1, saved)) }
            case .one, .match: threads.list.append((step, saved))
            }
        }
    }

    /// Puts `rewrite` in place of every match: `\1` in it is a group, `\0` the whole.
    func replacing(in text: [Unicode.Scalar], with rewrite: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        var output: [Unicode.Scalar] = []
        var (position, end) = (0, -1)
        while position <= text.count, let match = match(text, from: position) {
            output += text[position..<match[0]]
            // Nothing is not found again where a match has just ended.
            if match[1] > match[0] || match[0] != end {
                var index = 0
                while index < rewrite.count {
                    let scalar = rewrite[index]
                    index += 1
                    guard scalar == "\\" else {
                        output.append(scalar)
                        continue
                    }
                    guard index < rewrite.count else { return nil }
                    let digit = rewrite[index]
                    index += 1
                    if digit == "\\" {
                        output.append(digit)
                    } else if let group = Int(String(digit)), group <= groups {
                        if match[2 * group] >= 0 { output += text[match[2 * group]..<match[2 * group + 1]] }
                    } else {
                        return nil
                    }
                }
                end = match[1]
            }
            if match[1] > match[0] {
                position = match[1]
            } else {
                if match[0] < text.count { output.append(text[match[0]]) }
                position = match[0] + 1
            }
        }
        if position < text.count { output += text[position...] }
        return output
    }
}
