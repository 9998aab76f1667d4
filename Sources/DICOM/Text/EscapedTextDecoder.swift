/// Decodes a value that switches between character sets by escape sequences (PS3.5 section 6.1.2.5).
struct EscapedTextDecoder {
    private let initial: CodeElements
    private let vr: VR
    private var current: CodeElements
    private var output: [UInt8] = []
    /// Bytes of one set that await conversion, in that set's eight-bit form.
    private var run: [UInt8] = []
    private var runName = ""

    init(initial: CodeElements, vr: VR) {
        self.initial = initial
        self.vr = vr
        current = initial
    }

    mutating func utf8(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        output.reserveCapacity(bytes.count * 2)
        var rest = bytes[...]
        while let byte = rest.first {
            rest.removeFirst()
            if byte == 0x1b {
                flush()
                readEscape(&rest)
            } else if byte >= 0x80 {
                add(byte, current.upper.rawValue)
            } else if current.lower != .ascii, byte > 0x20, let second = rest.first, second > 0x20, second < 0x80 {
                // Two bytes below 128; the converter wants them above.
                rest.removeFirst()
                if current.lower == .japaneseSupplement { add(0x8f, "EUC-JP") }
                add(byte | 0x80, "EUC-JP")
                add(second | 0x80, "EUC-JP")
            } else {
                flush()
                output.append(byte)
                if isDelimiter(byte) { current = initial }
            }
        }
        flush()
        return output
    }

    /// Whether the byte ends the reach of an escape (PS3.5 section 6.1.2.5.3).
    private func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0a, 0x0c, 0x0d: true
        case UInt8(ascii: "\\"): vr.isMultiValued
        case UInt8(ascii: "^"), UInt8(ascii: "="): vr == .PN
        default: false
        }
    }

    private mutating func add(_ byte: UInt8, _ name: String) {
        if name != runName { flush() }
        runName = name
        run.append(byte)
    }

    private mutating func flush() {
        guard !run.isEmpty else { return }
        output += run.withUnsafeBytes { Converter.utf8($0, from: runName) }
        run.removeAll(keepingCapacity: true)
    }

    /// Reads what follows an escape character: intermediate bytes, then a final one. Sequences that PS3.3
    /// tables C.12-3 and C.12-4 do not list change nothing.
    private mutating func readEscape(_ rest: inout Slice<UnsafeRawBufferPointer>) {
        var code: [UInt8] = []
        while let byte = rest.first, (0x20...0x2f).contains(byte), code.count < 3 {
            code.append(byte)
            rest.removeFirst()
        }
        guard let final = rest.first, (0x30...0x7e).contains(final) else { return }
        rest.removeFirst()
        switch (String(decoding: code, as: UTF8.self), Character(Unicode.Scalar(final))) {
        case ("(", "B"), ("(", "J"): current.lower = .ascii
        case ("$", "B"), ("$", "@"), ("$(", "B"): current.lower = .japanese
        case ("$(", "D"): current.lower = .japaneseSupplement
        case ("$)", "C"): current.upper = .korean
        case ("$)", "A"): current.upper = .chinese
        case (")", "I"): current.upper = .katakana
        case ("-", let letter): if let upper = Self.singleByteSets[letter] { current.upper = upper }
        default: break
        }
    }

    private static let singleByteSets: [Character: CodeElements.Upper] = [
        "A": .latin1, "B": .latin2, "C": .latin3, "D": .latin4, "F": .greek, "G": .arabic, "H": .hebrew,
        "L": .cyrillic, "M": .latin5, "T": .thai, "b": .latin9,
    ]
}
