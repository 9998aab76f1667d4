import DICOM
import LightboxCore
import WebPages

extension AttributeRow {
    /// Characters of a value that are shown.
    private static let longestValue = 512
    /// Values of one attribute that are shown.
    private static let mostValues = 64
    /// Rows of one file; a segmentation of thousands of frames has more than anybody reads.
    private static let mostRows = 20_000

    /// All attributes of a file, those of its header first.
    static func rows(of file: DICOMFile) -> [AttributeRow] {
        var left = mostRows
        return rows(of: file.fileMeta, left: &left) + rows(of: file.dataSet, left: &left)
    }

    private static func rows(of dataSet: DataSet, left: inout Int) -> [AttributeRow] {
        var rows: [AttributeRow] = []
        for element in dataSet.elements {
            guard left > 0 else { break }
            left -= 1
            var items: [[AttributeRow]] = []
            for item in dataSet.items(element.tag) { items.append(Self.rows(of: item, left: &left)) }
            rows.append(
                AttributeRow(
                    tag: "\(element.tag)", name: name(of: element.tag, in: dataSet), vr: "\(element.vr)",
                    value: value(of: element, in: dataSet), isPrivate: element.tag.isPrivate, items: items))
        }
        return rows
    }

    private static func name(of tag: Tag, in dataSet: DataSet) -> String {
        if tag.isPrivateCreator { return "Private creator" }
        if tag.isPrivate {
            let creator = dataSet.string(Tag(tag.group, tag.element >> 8))
            return creator.map { "Private, \(line($0))" } ?? "Private"
        }
        guard let entry = DICOMDictionary.entry(for: tag) else {
            return tag.element == 0 ? "Group Length" : "Unknown"
        }
        return entry.name.isEmpty ? entry.keyword : entry.name
    }

    private static func value(of element: Element, in dataSet: DataSet) -> String {
        switch element.value {
        case .sequence(let items): return count(items.count, "item")
        case .fragments(_, let fragments):
            return
                "\(count(fragments.reduce(0) { $0 + $1.count }, "byte")) in \(count(fragments.count, "fragment"))"
        case .bytes(let bytes):
            switch element.vr {
            case .OB, .OD, .OF, .OL, .OV, .OW, .UN, .SQ: return count(bytes.count, "byte")
            default: break
            }
            let values = dataSet.strings(element.tag)
            if element.vr == .UI, values.count == 1, let name = UIDNames.name(of: values[0]) {
                return "\(line(values[0])) (\(name))"
            }
            let shown = line(values.prefix(mostValues).joined(separator: " \\ "))
            return values.count > mostValues ? "\(shown) … (\(values.count) values)" : shown
        }
    }

    private static func count(_ number: Int, _ what: String) -> String {
        "\(number) \(what)\(number == 1 ? "" : "s")"
    }

    /// One line of bounded length.
    private static func line(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(longestValue + 1).map { scalar in
            scalar.properties.generalCategory == .control ? " " : Character(scalar)
        }
        return shown.count > longestValue ? String(shown.prefix(longestValue)) + "…" : String(shown)
    }
}
