import DICOM
import Warehouse

/// The columns of a table that follows Google's BigQuery schema for DICOM: one for each attribute that occurs, named by
/// its keyword.
///
/// Decimal VRs are real and whole-number ones integer; dates, times and date-times ISO 8601 text; all other texts text.
/// Attributes that have several values by the dictionary are a JSON list; persons are JSON objects, sequences JSON lists of
/// objects, with keywords as names. Private and unknown attributes are in `OtherElements`, the names of what is left out
/// (binary values but the pixels, too long sequences, values that are not what their VR says) in `DroppedTags`.
struct AttributeColumns: Sendable {
    static let others = "OtherElements"
    static let dropped = "DroppedTags"
    static let transferSyntax = "TransferSyntaxUID"
    static let source = "SourceDicomStore"

    /// What has been seen, in ascending order.
    private(set) var tags: [Tag]

    var schema: [TableSchema.Column] {
        tags.compactMap { tag in
            AttributeValue.keyword(of: tag).map { .init($0, AttributeValue.Form(tag).columnType) }
        } + [.init(Self.transferSyntax, .text), .init(Self.others, .json), .init(Self.dropped, .json)]
    }

    /// - Parameter tags: of elements that occur.
    init(_ tags: some Sequence<Tag>) {
        self.tags = Set(tags).filter(Self.hasColumn).sorted()
    }

    /// Those of a data set's tags that get a column.
    static func tags(of data: DataSet) -> [Tag] { data.elements.map(\.tag).filter(hasColumn) }

    private static func hasColumn(_ tag: Tag) -> Bool {
        guard AttributeValue.keyword(of: tag) != nil, let vr = DICOMDictionary.vr(of: tag) else { return false }
        return !AttributeValue.isBinary(vr)
    }

    func row(of file: DICOMFile) -> TableRow {
        var row = AttributeRow()
        for element in file.dataSet.elements where element.tag.element != 0 { row.take(element, of: file.dataSet) }
        var cells = row.cells
        cells.append(.init(Self.transferSyntax, .text(file.transferSyntax.uid)))
        if !row.others.isEmpty {
            cells.append(.init(Self.others, .json("[\(row.others.joined(separator: ","))]")))
        }
        if !row.dropped.isEmpty {
            let names = row.dropped.map { SQLValue.text($0).json }
            cells.append(.init(Self.dropped, .json("[\(names.joined(separator: ","))]")))
        }
        return TableRow(cells)
    }
}

/// The cells of one instance as they come together.
private struct AttributeRow {
    var cells: [TableRow.Cell] = []
    /// JSON objects.
    var others: [String] = []
    var dropped: [String] = []
    /// Bytes of a sequence's text; a longer one is left out.
    private static let longestSequence = 1 << 20

    mutating func take(_ element: Element, of data: DataSet) {
        let tag = element.tag
        guard let keyword = AttributeValue.keyword(of: tag) else {
            takeOther(element, of: data)
            return
        }
        guard AttributeValue.hasValue(element, in: data) else { return }
        let form = AttributeValue.Form(tag)
        if case .sequence = element.value {
            if form == .sequence, let text = AttributeValue.json(ofSequence: tag, in: data, depth: 0),
                text.utf8.count <= Self.longestSequence
            {
                cells.append(.init(keyword, .json(text)))
            } else {
                dropped.append(keyword)
            }
        } else if let value = AttributeValue.cell(tag, in: data, form) {
            cells.append(.init(keyword, value))
        } else {
            dropped.append(keyword)
        }
    }

    private mutating func takeOther(_ element: Element, of data: DataSet) {
        let name = "Tag_" + element.tag.keyDigits
        guard AttributeValue.hasValue(element, in: data) else { return }
        guard !AttributeValue.isBinary(element.vr), element.vr != .SQ else {
            dropped.append(name)
            return
        }
        let values = data.strings(element.tag).map { SQLValue.text($0).json }
        others.append("{\"Tag\":\"\(name)\",\"Data\":[\(values.joined(separator: ","))]}")
    }
}
