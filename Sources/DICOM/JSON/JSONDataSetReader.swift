import Foundation
import LightboxCore

/// Turns a JSON tree into data sets (PS3.18 annex F.2).
struct JSONDataSetReader {
    let options: DICOMJSON.DecodeOptions
    private var count = 0
    /// Whether a text needs ISO_IR 192.
    private var hasNonASCII = false

    init(options: DICOMJSON.DecodeOptions) { self.options = options }

    mutating func dataSets(of json: JSONText) throws -> [DataSet] {
        switch json {
        case .array(let values): try values.map { try topLevel($0) }
        default: [try topLevel(json)]
        }
    }

    private mutating func topLevel(_ json: JSONText) throws -> DataSet {
        hasNonASCII = false
        var dataSet = try dataSet(json, in: nil, depth: 0)
        if hasNonASCII && dataSet[.specificCharacterSet] == nil { dataSet[.specificCharacterSet] = Self.utf8 }
        return dataSet
    }

    /// JSON is UTF-8, so that is what the texts are from here on.
    private static let utf8 = Element.text(.specificCharacterSet, "ISO_IR 192")

    private mutating func dataSet(_ json: JSONText, in sequence: Tag?, depth: Int) throws -> DataSet {
        guard case .object(let members) = json else {
            throw DICOMError(.corrupt, tag: sequence, "A JSON object should stand for the data set.")
        }
        guard depth <= options.limits.maxDepth else {
            throw DICOMError(.tooDeep, tag: sequence, "Sequences nest deeper than \(options.limits.maxDepth).")
        }
        return DataSet(try members.map { try element($0.key, $0.value, depth) })
    }

    private mutating func element(_ key: String, _ json: JSONText, _ depth: Int) throws -> Element {
        guard let tag = Tag(digits: key) ?? DICOMDictionary.tag(forKeyword: key), case .object = json else {
            throw DICOMError(.corrupt, "A key is neither eight hexadecimal digits nor a keyword.")
        }
        count += 1
        guard count <= options.limits.maxElements else {
            throw DICOMError(.tooLarge, tag: tag, "More than \(options.limits.maxElements) elements, the limit.")
        }
        let vr = try vr(of: tag, json)
        if tag == .specificCharacterSet { return Self.utf8 }
        if vr == .SQ { return try sequence(tag, json, depth) }
        if case .string(let text)? = json["InlineBinary"]?.single { return try binary(tag, vr, text) }
        if case .string(let uri)? = json["BulkDataURI"]?.single {
            return bulk(tag, vr, try options.bulkData?(uri) ?? .empty)
        }
        guard let value = json["Value"], value.values.count > 0 else { return Element(tag, vr, .bytes(.empty)) }
        return try element(tag, vr, value.values)
    }

    private func vr(of tag: Tag, _ json: JSONText) throws -> VR {
        guard case .string(let letters)? = json["vr"] else { return DICOMDictionary.vr(of: tag) ?? .UN }
        let bytes = Array(letters.utf8)
        guard bytes.count == 2, let vr = VR(bytes[0], bytes[1]) else {
            throw DICOMError(.corrupt, tag: tag, "Its vr is no value representation of the standard.")
        }
        return vr
    }

    private mutating func sequence(_ tag: Tag, _ json: JSONText, _ depth: Int) throws -> Element {
        let items = try (json["Value"]?.values ?? []).map { item in
            if case .null = item { return DataSet() }
            count += 1
            return try dataSet(item, in: tag, depth: depth + 1)
        }
        return .sequence(tag, items)
    }

    private func binary(_ tag: Tag, _ vr: VR, _ text: String) throws -> Element {
        guard let data = Data(base64Encoded: text) else {
            throw DICOMError(.corrupt, tag: tag, "Its InlineBinary is no base64.")
        }
        return bulk(tag, vr, Bytes(data))
    }

    private func bulk(_ tag: Tag, _ vr: VR, _ bytes: Bytes) -> Element {
        if tag == .pixelData, let fragments = FragmentItems.parse(bytes) { return Element(tag, vr, fragments) }
        return Element(tag, vr, .bytes(bytes))
    }

    private mutating func element(_ tag: Tag, _ vr: VR, _ values: [JSONText]) throws -> Element {
        switch vr {
        // An empty value among numbers cannot be kept in binary.
        case .US, .SS, .UL, .SL, .UV, .SV: return try integers(tag, vr, values.filter { !$0.isNull })
        case .FL, .FD: return try floats(tag, vr, values)
        case .AT:
            let tags = try values.map { value in
                guard case .string(let digits) = value, let tag = Tag(digits: digits) else { throw wrongKind(tag) }
                return tag
            }
            return .words(tag, .AT, tags.flatMap { [$0.group, $0.element] })
        case .OB, .OD, .OF, .OL, .OV, .OW, .UN, .SQ: throw wrongKind(tag)
        default: return .text(tag, try values.map { try text(of: $0, tag, vr) }, vr: vr)
        }
    }

    private func wrongKind(_ tag: Tag) -> DICOMError {
        DICOMError(.corrupt, tag: tag, "A JSON value is of another kind than the vr needs.")
    }

    private mutating func text(of json: JSONText, _ tag: Tag, _ vr: VR) throws -> String {
        let text: String
        switch json {
        case .null: text = ""
        case .string(let value): text = value
        case .number(let digits): text = vr == .DS && digits.utf8.count > 16 ? shortened(digits) : digits
        case .object where vr == .PN:
            let groups = ["Alphabetic", "Ideographic", "Phonetic"].map { key in
                if case .string(let group)? = json[key] { group } else { "" }
            }
            text = groups.reversed().drop { $0.isEmpty }.reversed().joined(separator: "=")
        default: throw wrongKind(tag)
        }
        if !text.utf8.allSatisfy({ $0 < 0x80 }) { hasNonASCII = true }
        return text
    }

    private func shortened(_ digits: String) -> String { Double(digits).map(decimalString) ?? digits }

    private func integers(_ tag: Tag, _ vr: VR, _ values: [JSONText]) throws -> Element {
        switch vr {
        case .US: .words(tag, vr, try values.map { try integer($0, tag, UInt16.self) })
        case .SS: .words(tag, vr, try values.map { try integer($0, tag, Int16.self) })
        case .UL: .words(tag, vr, try values.map { try integer($0, tag, UInt32.self) })
        case .SL: .words(tag, vr, try values.map { try integer($0, tag, Int32.self) })
        case .UV: .words(tag, vr, try values.map { try integer($0, tag, UInt64.self) })
        default: .words(tag, vr, try values.map { try integer($0, tag, Int64.self) })
        }
    }

    private func integer<Word: FixedWidthInteger>(_ json: JSONText, _ tag: Tag, _ type: Word.Type) throws -> Word {
        guard let digits = json.digits, let word = Word(digits) ?? Double(digits).flatMap({ Word(exactly: $0) })
        else {
            throw wrongKind(tag)
        }
        return word
    }

    private func floats(_ tag: Tag, _ vr: VR, _ values: [JSONText]) throws -> Element {
        let numbers = try values.map { json in
            if case .null = json { return Double.nan }
            guard let digits = json.digits, let number = Double(digits) else { throw wrongKind(tag) }
            return number
        }
        return vr == .FL
            ? .words(tag, vr, numbers.map { Float($0).bitPattern }) : .words(tag, vr, numbers.map(\.bitPattern))
    }
}

extension JSONText {
    /// The values of an array, or the value itself.
    fileprivate var values: [JSONText] {
        if case .array(let values) = self { values } else { [self] }
    }

    /// A value that some writers put into an array.
    fileprivate var single: JSONText? { values.first }

    fileprivate var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// A number's digits, also where they stand as a text.
    fileprivate var digits: String? {
        switch self {
        case .number(let digits), .string(let digits): digits
        default: nil
        }
    }
}
