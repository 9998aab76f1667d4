/// A text per sample, all in one run of bytes: a third of a million paths take what their letters take.
struct TextColumn: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    mutating func append(_ text: some StringProtocol) {
        bytes.append(contentsOf: text.utf8)
        ends.append(bytes.count)
    }

    subscript(_ index: Int) -> String {
        String(decoding: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]], as: UTF8.self)
    }
}

/// A text per sample that many samples share (patients, studies): each different text is stored once.
struct SharedTextColumn: Sendable {
    private var codes: [Int32] = []
    private(set) var texts: [String] = []
    private var known: [String: Int32] = [:]

    var count: Int { codes.count }

    /// An empty text counts as none.
    mutating func append(_ text: String?) {
        guard let text, !text.isEmpty else { return codes.append(-1) }
        if let code = known[text] { return codes.append(code) }
        let code = Int32(texts.count)
        known[text] = code
        texts.append(text)
        codes.append(code)
    }

    subscript(_ index: Int) -> String? { codes[index] < 0 ? nil : texts[Int(codes[index])] }

    /// The number of the text among ``texts``; nil when there is none.
    func code(_ index: Int) -> Int? { codes[index] < 0 ? nil : Int(codes[index]) }

    /// Forgets what only adding texts needs.
    mutating func finish() { known = [:] }
}
