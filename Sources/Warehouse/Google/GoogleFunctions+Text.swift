import GRDBSQLite

extension GoogleFunctions {
    static let texts: [Entry] = [
        ("lightbox_error", 1...1, { context, _, arguments in fail(context, text(arguments, 0)) }),
        (
            "lightbox_upper", 1...1,
            { context, count, arguments in
                if !isNull(context, count, arguments) { give(context, text(arguments, 0).uppercased()) }
            }
        ),
        (
            "lightbox_lower", 1...1,
            { context, count, arguments in
                if !isNull(context, count, arguments) { give(context, text(arguments, 0).lowercased()) }
            }
        ),
        (
            "lightbox_reverse", 1...1,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                give(context, String(String.UnicodeScalarView(text(arguments, 0).unicodeScalars.reversed())))
            }
        ),
        (
            "lightbox_starts_with", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                give(context, text(arguments, 0).utf8.starts(with: text(arguments, 1).utf8))
            }
        ),
        (
            "lightbox_ends_with", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                give(context, text(arguments, 0).utf8.reversed().starts(with: text(arguments, 1).utf8.reversed()))
            }
        ),
        (
            "lightbox_substr", 2...3,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let length = count == 3 ? integer(arguments, 2) : nil
                guard length ?? 0 >= 0 else {
                    return fail(context, "Third argument in SUBSTR() cannot be negative")
                }
                give(context, part(of: text(arguments, 0), from: integer(arguments, 1), length))
            }
        ),
        (
            "lightbox_like", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                guard let found = isLike(text(arguments, 0), text(arguments, 1)) else {
                    return fail(context, "LIKE pattern ends with a backslash")
                }
                give(context, found)
            }
        ),
        (
            "lightbox_split_at", 4...4,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let (whole, mark) = (text(arguments, 0), text(arguments, 1))
                let parts =
                    mark.isEmpty ? whole.unicodeScalars.map { String(Character($0)) } : pieces(of: whole, at: mark)
                let index = integer(arguments, 2)
                if parts.indices.contains(index) { return give(context, parts[index]) }
                integer(arguments, 3) == 1
                    ? sqlite3_result_null(context)
                    : fail(context, "Array index \(index) is out of bounds")
            }
        ),
        (
            "lightbox_fingerprint", 1...1,
            { context, count, arguments in
                guard !isNull(context, count, arguments) else { return }
                let bytes = Array(text(arguments, 0).utf8)
                sqlite3_result_int64(context, Int64(bitPattern: bytes.withUnsafeBytes(Fingerprint64.of)))
            }
        ),
        (
            "lightbox_regexp_contains", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments), let pattern = pattern(context, text(arguments, 1)) else {
                    return
                }
                give(context, pattern.match(Array(text(arguments, 0).unicodeScalars)) != nil)
            }
        ),
        (
            "lightbox_regexp_extract", 2...2,
            { context, count, arguments in
                guard !isNull(context, count, arguments), let pattern = pattern(context, text(arguments, 1)) else {
                    return
                }
                guard pattern.groups < 2 else {
                    return fail(context, "Regular expression has more than one capturing group")
                }
                let scalars = Array(text(arguments, 0).unicodeScalars)
                guard let match = pattern.match(scalars), match[2 * pattern.groups] >= 0 else {
                    return sqlite3_result_null(context)
                }
                let range = match[2 * pattern.groups]..<match[2 * pattern.groups + 1]
                give(context, String(String.UnicodeScalarView(scalars[range])))
            }
        ),
        (
            "lightbox_regexp_replace", 3...3,
            { context, count, arguments in
                guard !isNull(context, count, arguments), let pattern = pattern(context, text(arguments, 1)) else {
                    return
                }
                let rewrite = Array(text(arguments, 2).unicodeScalars)
                guard let text = pattern.replacing(in: Array(text(arguments, 0).unicodeScalars), with: rewrite)
                else {
                    return fail(context, "Invalid REGEXP_REPLACE pattern")
                }
                give(context, String(String.UnicodeScalarView(text)))
            }
        ),
    ]

    /// From the first character, 1, or from the end, −1; 0 is taken for 1.
    private static func part(of text: String, from start: Int, _ length: Int?) -> String {
        let scalars = text.unicodeScalars
        let count = scalars.count
        let first = start > 0 ? min(start - 1, count) : start == 0 ? 0 : max(0, count + max(start, -count))
        let rest = scalars.dropFirst(first)
        return String(String.UnicodeScalarView(length.map { rest.prefix($0) } ?? rest[...]))
    }

    private static func pieces(of text: String, at mark: String) -> [String] {
        let (bytes, mark) = (Array(text.utf8), Array(mark.utf8))
        var pieces: [String] = []
        var (start, index) = (0, 0)
        while index + mark.count <= bytes.count {
            if bytes[index..<(index + mark.count)].elementsEqual(mark) {
                pieces.append(String(decoding: bytes[start..<index], as: UTF8.self))
                index += mark.count
                start = index
            } else {
                index += 1
            }
        }
        return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// `%` is any text, `_` one character, a backslash takes the meaning away; letters count with their case.
    private static func isLike(_ text: String, _ pattern: String) -> Bool? {
        let text = Array(text.unicodeScalars)
        var steps: [(any: Bool, one: Unicode.Scalar?)] = []
        var rest = Array(pattern.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "%": steps.append((true, nil))
            case "_": steps.append((false, nil))
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                steps.append((false, next))
            default: steps.append((false, scalar))
            }
        }
        var (position, step) = (0, 0)
        var retry: (step: Int, position: Int)?
        while position < text.count {
            if step < steps.count, steps[step].any {
                retry = (step, position)
                step += 1
            } else if step < steps.count, steps[step].one == nil || steps[step].one == text[position] {
                position += 1
                step += 1
            } else if let last = retry {
                retry = (last.step, last.position + 1)
                (step, position) = (last.step + 1, last.position + 1)
            } else {
                return false
            }
        }
        return steps[step...].allSatisfy(\.any)
    }
}
