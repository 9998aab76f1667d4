import DICOM
import LightboxCore

/// The names and numbers that a data set holds where names and numbers belong, so that they can be found where
/// they do not.
struct Identifiers: Sendable {
    private var words: Set<String> = []
    /// Characters of the longest word.
    private var longest = 0

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
            add(part.uppercased())
        }
    }

    private mutating func add(_ word: String) {
        words.insert(word)
        longest = max(longest, word.count)
    }

    /// A number as a whole and its longer parts.
    private mutating func addNumber(_ value: String) {
        let parts = value.split(whereSeparator: { !$0.isLetter && !$0.isNumber })
        for part in parts where part.count >= 4 && part.contains(where: \.isNumber) {
            add(part.uppercased())
        }
        let whole = parts.joined()
        if whole.count >= 4 { add(whole.uppercased()) }
    }

    /// Whether one of the names or numbers stands in a text.
    func occur(in text: String) -> Bool {
        guard !words.isEmpty else { return false }
        return !places(in: text.split(whereSeparator: { !$0.isLetter && !$0.isNumber })).isEmpty
    }

    /// Which of a text's words are names or numbers, or parts of a number that is written in groups: `943 476 5919`.
    func places(in texts: [some StringProtocol]) -> Set<Int> {
        var places: Set<Int> = []
        guard !words.isEmpty else { return places }
        let texts = texts.map { $0.uppercased() }
        for start in texts.indices {
            var joined = texts[start]
            var end = start
            while true {
                if words.contains(joined) { places.formUnion(start...end) }
                end += 1
                // Numbers have letters before or behind them, but none of several words.
                guard end < texts.count, joined.count + texts[end].count <= longest,
                    joined.contains(where: \.isNumber) || texts[end].contains(where: \.isNumber)
                else { break }
                joined += texts[end]
            }
        }
        return places
    }
}
