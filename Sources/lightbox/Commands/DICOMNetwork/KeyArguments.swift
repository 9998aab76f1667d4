import ArgumentParser
import DICOM
import DICOMNetwork

/// `PatientName=Doe*`, `0010,0010=Doe*`, or an attribute alone, to be told.
struct QueryKey: ExpressibleByArgument, Sendable {
    let tag: Tag
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let tag = parts.first.flatMap({ Self.tag(String($0)) }) else { return nil }
        self.tag = tag
        value = parts.count == 2 ? String(parts[1]) : ""
    }

    private static func tag(_ text: String) -> Tag? {
        if let tag = DICOMDictionary.tag(forKeyword: text) { return tag }
        let parts = text.split(separator: ",")
        guard parts.count == 2, parts.allSatisfy({ $0.count == 4 }), let group = UInt16(parts[0], radix: 16),
            let element = UInt16(parts[1], radix: 16)
        else { return nil }
        return Tag(group, element)
    }
}

/// What a query or a retrieval names.
struct KeyArguments: ParsableArguments {
    @Option(help: "What to look for: patient, study, series or image.") var level = QueryLevel.study
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "An attribute and what it has to match; may be given often.", valueName: "keyword=value"))
    var key: [QueryKey] = []

    var dataSet: DataSet {
        var keys = DataSet(
            key.map { key in
                DICOMDictionary.vr(of: key.tag) == .SQ ? .sequence(key.tag, []) : .text(key.tag, key.value)
            })
        if key.contains(where: { !$0.value.utf8.allSatisfy { $0 < 0x80 } }) {
            keys[.specificCharacterSet] = .text(.specificCharacterSet, "ISO_IR 192")
        }
        return keys
    }
}
