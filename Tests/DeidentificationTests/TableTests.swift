import DICOM
import Deidentification
import LightboxCore
import TestSupport
import Testing

/// `Tests/Reference/deidentification/actions.csv` has the basic actions of another implementation's tables, as
/// `make_actions_reference.py` wrote them down: tag, action. The table's rows of edition 2026c have no second source:
/// they were taken from there themselves.
@Suite("Table E.1-1") struct TableTests {
    /// SOP classes under which a combined action comes out as each of its letters are in ``ActionTests``; here each
    /// attribute stands alone in a file of an unknown class, where the careful letter of each counts.
    private static let careful = [
        "X": "X", "Z": "Z", "D": "D", "U": "U", "X/Z": "Z", "X/D": "D", "Z/D": "D", "X/Z/D": "D",
    ]

    @Test("Every attribute that another implementation lists gets the action it says") func actions() throws {
        let lines = try String(
            decoding: Bytes(MappedFile(path: reference("deidentification/actions.csv"))).array, as: UTF8.self
        ).split(separator: "\n").dropFirst()
        let deidentifier = try Deidentifier(key: .test)
        var compared = 0
        for line in lines {
            let fields = line.split(separator: ",").map(String.init)
            let tag = try #require(Tag(digits: fields[0]))
            // Sequences have suites of their own; UIDs of commands and file meta never reach a data set.
            guard let vr = DICOMDictionary.vr(of: tag), vr != .SQ, tag.group >= 8, tag.group != 0x5000 else {
                continue
            }
            guard tag != .patientID && tag != .patientName, let expected = Self.careful[fields[1]] else {
                continue
            }
            let value: Element =
                vr.isText ? .text(tag, Self.value(vr), vr: vr) : .bytes(tag, [1, 2, 3, 4], vr: vr)
            let result = try deidentifier.apply(to: DICOMFile(dataSet: DataSet([value]))).file.dataSet[tag]
            // A UID that needs a dummy gets its new UID, which says as little.
            let isUID = vr == .UI && expected == "D"
            #expect(Self.letter(result, from: value) == (isUID ? "U" : expected), "\(tag) \(fields)")
            compared += 1
        }
        #expect(compared > 480)
    }

    private static func value(_ vr: VR) -> String {
        switch vr {
        case .DA: "20200131"
        case .DT: "20200131101112"
        case .TM: "101112"
        case .UI: "1.2.3.4"
        case .AS: "047Y"
        case .DS, .IS: "7"
        default: "MILLER"
        }
    }

    private static func letter(_ result: Element?, from value: Element) -> String {
        guard let result, case .bytes(let bytes) = result.value, case .bytes(let old) = value.value else {
            return "X"
        }
        if bytes.isEmpty { return "Z" }
        if bytes == old { return "K" }
        return result.vr == .UI ? "U" : "D"
    }
}
