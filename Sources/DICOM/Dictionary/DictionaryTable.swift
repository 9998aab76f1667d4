/// An index over the dictionary's text, built on first use in about a millisecond.
struct DictionaryTable: Sendable {
    /// Where a line starts in the text, and the tag it is for.
    private struct Line {
        var tag: UInt32
        var start: UInt32
    }

    /// A hash table with open addressing; a `start` of 0 marks a free slot, as line 0 is for tag 0 only.
    private var slots: [Line]
    /// Lines of repeating groups: the digits given, and a mask over them.
    private var repeating: [(tag: UInt32, mask: UInt32, start: Int)] = []

    private static let slotCount = 1 << 14

    init() {
        slots = Array(repeating: Line(tag: 0, start: 0), count: Self.slotCount)
        let text = Self.text
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            let (tag, mask) = Self.tag(at: start)
            if mask == .max {
                insert(Line(tag: tag, start: UInt32(start)))
            } else {
                repeating.append((tag, mask, start))
            }
            start = end + 1
        }
    }

    /// Where the tag's line starts.
    func line(of tag: Tag) -> Int? {
        var slot = Self.slot(of: tag.number)
        while slots[slot].start != 0 {
            if slots[slot].tag == tag.number { return Int(slots[slot].start) }
            slot = (slot + 1) & (Self.slotCount - 1)
        }
        if tag.number == 0 { return 0 }
        if tag.isPrivate { return nil }
        return repeating.first { tag.number & $0.mask == $0.tag }?.start
    }

    func choice(at line: Int) -> VRChoice { VRChoice(Self.text[line + 9], Self.text[line + 10]) }

    func entry(at line: Int, tag: Tag) -> DICOMDictionary.Entry {
        let fields = Self.fields(at: line)
        return DICOMDictionary.Entry(
            tag: tag, vrs: choice(at: line).all, multiplicity: fields[2], keyword: fields[3], name: fields[4],
            isRetired: fields[5] == "R")
    }

    /// Every keyword of a single attribute; those of repeating groups name no one tag.
    func tagsByKeyword() -> [String: Tag] {
        let pairs = slots.lazy.filter { $0.start != 0 }.map { line in
            (Self.fields(at: Int(line.start))[3], Tag(number: line.tag))
        }
        return Dictionary(pairs.filter { !$0.0.isEmpty }) { first, _ in first }
    }

    private mutating func insert(_ line: Line) {
        var slot = Self.slot(of: line.tag)
        while slots[slot].start != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
        slots[slot] = line
    }

    private static func slot(of number: UInt32) -> Int {
        Int((number &* 0x9e37_79b1) >> 18) & (slotCount - 1)
    }

    private static var text: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: dictionaryText.utf8Start, count: dictionaryText.utf8CodeUnitCount)
    }

    /// The eight hexadecimal digits at the start of a line; an `x` leaves zeros in the mask.
    private static func tag(at start: Int) -> (tag: UInt32, mask: UInt32) {
        text[start..<start + 8].reduce((0, 0)) { sum, digit in
            let value = UInt32(digit >= 0x61 ? digit - 0x57 : digit & 0xf)
            let isDigit = digit != UInt8(ascii: "x")
            return (sum.0 << 4 | (isDigit ? value : 0), sum.1 << 4 | (isDigit ? 0xf : 0))
        }
    }

    private static func fields(at start: Int) -> [String] {
        let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
        return text[start..<end].split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
