import DICOM
import LightboxCore
import Warehouse

/// How an attribute's value becomes a cell of a table, or a member of a JSON object in one.
enum AttributeValue {
    enum Kind: Sendable { case text, date, time, dateTime, integer, real, person }

    /// What a column of the attribute holds, by the dictionary.
    enum Form: Sendable, Equatable {
        case one(Kind)
        case list(Kind)
        case sequence

        init(_ tag: Tag) {
            guard let entry = DICOMDictionary.entry(for: tag), let vr = entry.vrs.first else {
                self = .list(.text)
                return
            }
            guard vr != .SQ else {
                self = .sequence
                return
            }
            self = entry.multiplicity == "1" ? .one(Self.kind(of: vr)) : .list(Self.kind(of: vr))
        }

        private static func kind(of vr: VR) -> Kind {
            switch vr {
            case .DA: .date
            case .TM: .time
            case .DT: .dateTime
            case .IS, .SL, .SS, .UL, .US, .SV, .UV: .integer
            case .DS, .FL, .FD: .real
            case .PN: .person
            default: .text
            }
        }

        var columnType: ColumnType {
            switch self {
            case .one(.integer): .integer
            case .one(.real): .real
            case .one(.person), .list, .sequence: .json
            case .one: .text
            }
        }
    }

    /// The name of the column; nil for what is private, unknown or without a keyword.
    static func keyword(of tag: Tag) -> String? {
        guard !tag.isPrivate, let entry = DICOMDictionary.entry(for: tag), !entry.keyword.isEmpty else {
            return nil
        }
        return entry.keyword
    }

    static func isBinary(_ vr: VR) -> Bool {
        switch vr {
        case .OB, .OD, .OF, .OL, .OV, .OW, .UN: true
        default: false
        }
    }

    /// Whether there is anything to write down: padding alone is not.
    static func hasValue(_ element: Element, in data: DataSet) -> Bool {
        switch element.value {
        case .bytes(let bytes):
            element.vr.isText ? !data.strings(element.tag).allSatisfy(\.isEmpty) : !bytes.isEmpty
        case .sequence(let items): !items.isEmpty
        case .fragments: true
        }
    }

    /// - Returns: nil for a value that is not what its VR says, and for binary ones.
    static func cell(_ tag: Tag, in data: DataSet, _ form: Form) -> SQLValue? {
        switch form {
        case .sequence: return nil
        case .one(.person): return values(tag, in: data, .person)?.first.map { .json($0.json) }
        case .one(let kind): return values(tag, in: data, kind)?.first
        case .list(let kind):
            guard let values = values(tag, in: data, kind) else { return nil }
            return .json("[\(values.map(\.json).joined(separator: ","))]")
        }
    }

    private static func values(_ tag: Tag, in data: DataSet, _ kind: Kind) -> [SQLValue]? {
        guard let vr = data[tag]?.vr, !isBinary(vr) else { return nil }
        let values: [SQLValue?] =
            switch kind {
            case .text: data.strings(tag).map { .text($0) }
            case .date: data.strings(tag).map { MetadataColumns.isoDate($0).map { .text($0) } }
            case .time: data.strings(tag).map { MetadataColumns.isoTime($0).map { .text($0) } }
            case .dateTime: data.strings(tag).map { isoDateTime($0).map { .text($0) } }
            case .integer: data.ints(tag).map { .integer(Int64($0)) }
            case .real: data.doubles(tag).map { .real($0) }
            case .person: data.strings(tag).map { .json(person($0)) }
            }
        let known = values.compactMap(\.self)
        return known.isEmpty || known.count != values.count ? nil : known
    }

    /// The three component groups (PS3.5 section 6.2.1), also where they are not used.
    private static func person(_ text: String) -> String {
        let groups = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        let members = ["Alphabetic", "Ideographic", "Phonetic"].enumerated().map { index, name in
            let group = index < groups.count && !groups[index].isEmpty ? SQLValue.text(groups[index]) : .null
            return "\"\(name)\":\(group.json)"
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// The items of a sequence as JSON objects; nil when they are nested too deep.
    static func json(ofSequence tag: Tag, in data: DataSet, depth: Int) -> String? {
        guard depth < 15 else { return nil }
        let items = data.items(tag).map { object($0, depth: depth) }
        return "[\(items.joined(separator: ","))]"
    }

    private static func object(_ item: DataSet, depth: Int) -> String {
        let members = item.elements.compactMap { element -> String? in
            guard let keyword = keyword(of: element.tag), hasValue(element, in: item) else { return nil }
            let value: String? =
                if case .sequence = element.value {
                    json(ofSequence: element.tag, in: item, depth: depth + 1)
                } else {
                    cell(element.tag, in: item, Form(element.tag))?.json
                }
            return value.map { "\"\(keyword)\":\($0)" }
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// `20240131130500.25+0100` to `2024-01-31T13:05:00.25+01:00`; nil for anything else (PS3.5 table 6.2-1, DT).
    static func isoDateTime(_ text: String) -> String? {
        let sign = text.lastIndex { $0 == "+" || $0 == "-" } ?? text.endIndex
        let (main, zone) = (text[..<sign], text[sign...].dropFirst())
        let digits = main.prefix { $0 != "." }
        guard digits.count >= 4, zone.isEmpty || zone.count == 4, (digits + zone).allSatisfy(\.isASCIIDigit) else {
            return nil
        }
        // Month and day are 1 where they are not told.
        let date = digits.prefix(8) + ["0101", "", "01", "", ""][min(4, max(0, digits.prefix(8).count - 4))]
        guard let day = MetadataColumns.isoDate(String(date)) else { return nil }
        let clock = digits.count > 8 ? String(main.dropFirst(8)) : "000000"
        guard let time = MetadataColumns.isoTime(clock) else { return nil }
        let offset = zone.isEmpty ? "Z" : "\(text[sign])\(zone.prefix(2)):\(zone.suffix(2))"
        return "\(day)T\(time)\(offset)"
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
