import DICOM
import LightboxCore

/// The names and numbers that a data set holds where names and numbers belong, so that they can be found where
/// they do not.
struct Identifiers: Sendable {
    private var words: Set<String> = []

    init() {}

    init(of dataSet: DataSet) { gather(dataSet) }

    var isEmpty: Bool { words.isEmpty }

    /// Attributes whose whole value names a person or an order.
    private static let numbers: Set<Tag> = [
        .patientID, .accessionNumber, Tag(0x0010, 0x1000), Tag(0x0010, 0x1001), Tag(0x0010, 0x2154),
        Tag(0x0010, 0x1040), Tag(0x0010, 0x1060), Tag(0x0010, 0x1090), Tag(0x0032, 0x1032), Tag(0x0038, 0x0010),
        Tag(0x0040, 0x2016), Tag(0x0040, 0x2017), Tag(0x0040, 0x1001), Tag(0x0010, 0x1005),
    ]

    private mutating func gather(_ dataSet: DataSet) {
        for element in dataSet.elements {
            switch element.value {
            case .sequence: for item in dataSet.items(element.tag) { gather(item) }
            case .bytes(let bytes) where !bytes.isEmpty:
                if element.vr == .PN {
                    for name in dataSet.strings(element.tag) { addName(name) }
                } else if Self.numbers.contains(element.tag) {
                    for value in dataSet.strings(element.tag) { addNumber(value) }
                }
            default: break
            }
        }
    }

    /// Parts of a name from three letters on, two where they are not Latin: shorter ones are words of their own
    /// too often.
    private mutating func addName(_ name: String) {
        for part in name.split(whereSeparator: { !$0.isLetter && !$0.isNumber })
        where part.count >= (part.utf8.allSatisfy { $0 < 0x80 } ? 3 : 2) {
            words.insert(part.uppercased())
        }
    }

    /// A number as a whole and its longer parts.
    private mutating func addNumber(_ value: String) {
        let parts = value.split(whereSeparator: { !$0.isLetter && !$0.isNumber })
        for part in parts where part.count >= 4 && part.contains(where: \.isNumber) {
            words.insert(part.uppercased())
        }
        let whole = parts.joined()
        if whole.count >= 4 { words.insert(whole.uppercased()) }
    }

    func contains(word: some StringProtocol) -> Bool { !words.isEmpty && words.contains(word.uppercased()) }

    /// Whether one of the names or numbers stands in a text as a word.
    func occur(in text: String) -> Bool {
        guard !words.isEmpty else { return false }
        return text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).contains { contains(word: $0) }
    }
}
