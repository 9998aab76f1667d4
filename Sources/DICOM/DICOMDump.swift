import LightboxCore

/// A data set as text for people: a line an attribute, items indented.
///
///     (0010,0010) PN   12  PatientName                      DOE^JANE
///     (0040,a730) SQ       ContentSequence                  2 items
public struct DICOMDump: Sendable {
    /// Without values the text holds nothing of a patient.
    public var showsValues: Bool
    /// Characters of a value that are shown.
    public var valueWidth: Int

    public init(showsValues: Bool = true, valueWidth: Int = 64) {
        self.showsValues = showsValues
        self.valueWidth = valueWidth
    }

    public func text(of file: DICOMFile) -> String {
        var output = ""
        append(file.fileMeta, to: &output, indent: "")
        output += "# \(file.transferSyntax.name)\n"
        append(file.dataSet, to: &output, indent: "")
        return output
    }

    public func text(of dataSet: DataSet) -> String {
        var output = ""
        append(dataSet, to: &output, indent: "")
        return output
    }

    private func append(_ dataSet: DataSet, to output: inout String, indent: String) {
        for element in dataSet.elements {
            let length = element.byteCount.map(String.init) ?? ""
            let name = name(of: element.tag, in: dataSet)
            output += "\(indent)\(element.tag) \(element.vr) "
            output += String(repeating: " ", count: max(0, 6 - length.count)) + length + "  "
            let summary = summary(of: element, in: dataSet)
            output += summary.isEmpty ? name : name.padded(to: 38 - indent.count) + " " + summary
            output += "\n"
            guard case .sequence = element.value else { continue }
            for (index, item) in dataSet.items(element.tag).enumerated() {
                output += "\(indent)  - item \(index + 1)\n"
                append(item, to: &output, indent: indent + "    ")
            }
        }
    }

    private func summary(of element: Element, in dataSet: DataSet) -> String {
        switch element.value {
        case .sequence(let items): return items.count == 1 ? "1 item" : "\(items.count) items"
        case .fragments(_, let fragments):
            return fragments.count == 1 ? "1 fragment" : "\(fragments.count) fragments"
        case .bytes(let bytes):
            guard showsValues && !bytes.isEmpty else { return "" }
            switch element.vr {
            case .OB, .OD, .OF, .OL, .OV, .OW, .UN, .SQ:
                let shown = bytes[0..<min(bytes.count, 16)].array.map { $0.hexadecimal }.joined(separator: " ")
                return bytes.count > 16 ? shown + " …" : shown
            case .UI:
                let uids = dataSet.strings(element.tag)
                let name = uids.count == 1 ? UIDNames.name(of: uids[0]) : nil
                return shortened(uids.joined(separator: "\\")) + (name.map { " (\($0))" } ?? "")
            default: return shortened(dataSet.strings(element.tag).joined(separator: "\\"))
            }
        }
    }

    /// One line of printable characters, of bounded width.
    private func shortened(_ value: String) -> String {
        let shown = String(
            value.unicodeScalars.prefix(valueWidth + 1).map { scalar in
                scalar.properties.generalCategory == .control ? "·" : Character(scalar)
            })
        return shown.count > valueWidth ? shown.prefix(valueWidth) + "…" : shown
    }

    /// The keyword; for a private attribute who reserved its block.
    private func name(of tag: Tag, in dataSet: DataSet) -> String {
        if tag.isPrivateCreator { return "PrivateCreator" }
        if tag.isPrivate {
            guard showsValues else { return "Private" }
            let creator = dataSet.string(Tag(tag.group, tag.element >> 8))
            return creator.map { "[\($0)]" } ?? "Private"
        }
        if tag.element == 0 && tag.group != 2 { return "GroupLength" }
        guard let entry = DICOMDictionary.entry(for: tag) else { return "Unknown" }
        return entry.keyword.isEmpty ? entry.name : entry.keyword
    }
}

extension DICOMFile {
    /// The file as text for people, see ``DICOMDump``.
    public func dump(showsValues: Bool = true) -> String { DICOMDump(showsValues: showsValues).text(of: self) }
}

extension Element {
    /// Bytes of the value field, nil for sequences; of compressed pixels those of all fragments.
    fileprivate var byteCount: Int? {
        switch value {
        case .bytes(let bytes): bytes.count
        case .sequence: nil
        case .fragments(_, let fragments): fragments.reduce(0) { $0 + $1.count }
        }
    }
}

extension UInt8 {
    fileprivate var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
