/// Values of textual VRs, given as UTF-8.
extension JSONDataSetWriter {
    mutating func writeText(_ text: UnsafeRawBufferPointer, _ vr: VR) {
        // Spaces at the end mean nothing in any VR (PS3.5 table 6.2-1); those at the start are kept.
        let text = text.withoutPadding
        guard !text.isEmpty else { return }
        sink.append(",\"Value\":[")
        var start = 0
        repeat {
            if start > 0 { sink.append(UInt8(ascii: ",")) }
            let end = vr.isMultiValued ? text.index(of: UInt8(ascii: "\\"), from: start) : text.count
            writeValue(UnsafeRawBufferPointer(rebasing: text[start..<end]).withoutPadding, vr)
            start = end + 1
        } while start <= text.count
        sink.append(UInt8(ascii: "]"))
    }

    private mutating func writeValue(_ value: UnsafeRawBufferPointer, _ vr: VR) {
        switch vr {
        case _ where value.isEmpty: sink.append("null")
        case .DS, .IS: writeNumber(value)
        case .PN: writePersonName(value)
        default: sink.appendString(value)
        }
    }

    /// The groups of a person name (PS3.18 annex F.2.2); an empty one is left out.
    private mutating func writePersonName(_ name: UnsafeRawBufferPointer) {
        sink.append(UInt8(ascii: "{"))
        var start = 0
        var isFirst = true
        for key in ["\"Alphabetic\":", "\"Ideographic\":", "\"Phonetic\":"] as [StaticString]
        where start <= name.count {
            let end = name.index(of: UInt8(ascii: "="), from: start)
            let group = UnsafeRawBufferPointer(rebasing: name[start..<end]).withoutPadding
            start = end + 1
            if group.isEmpty { continue }
            if !isFirst { sink.append(UInt8(ascii: ",")) }
            isFirst = false
            sink.append(key)
            sink.appendString(group)
        }
        sink.append(UInt8(ascii: "}"))
    }

    /// A DS or IS value with its own digits where they are a JSON number after small repairs (a plus sign,
    /// leading zeros, a bare point); a text otherwise.
    private mutating func writeNumber(_ value: UnsafeRawBufferPointer) {
        var rest = value[...]
        while rest.first == 0x20 { rest.removeFirst() }
        guard let number = DecimalParts(rest) else {
            sink.appendString(UnsafeRawBufferPointer(rebasing: rest))
            return
        }
        if number.isNegative { sink.append(UInt8(ascii: "-")) }
        if number.whole.isEmpty { sink.append(UInt8(ascii: "0")) }
        sink.append(UnsafeRawBufferPointer(rebasing: number.whole))
        if !number.fraction.isEmpty {
            sink.append(UInt8(ascii: "."))
            sink.append(UnsafeRawBufferPointer(rebasing: number.fraction))
        }
        if !number.exponent.isEmpty {
            sink.append(UInt8(ascii: "e"))
            sink.append(UnsafeRawBufferPointer(rebasing: number.exponent))
        }
    }
}

/// A decimal number taken apart without reading its value.
struct DecimalParts {
    typealias Digits = Slice<UnsafeRawBufferPointer>

    var isNegative = false
    /// Without leading zeros.
    var whole: Digits
    var fraction: Digits
    /// With its sign.
    var exponent: Digits

    /// nil when the text is no number.
    init?(_ text: Digits) {
        var rest = text
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            isNegative = rest.removeFirst() == UInt8(ascii: "-")
        }
        whole = Self.digits(&rest)
        let hasWhole = !whole.isEmpty
        while whole.first == UInt8(ascii: "0") { whole.removeFirst() }
        fraction = rest[rest.startIndex..<rest.startIndex]
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.digits(&rest)
        }
        exponent = rest[rest.startIndex..<rest.startIndex]
        guard hasWhole || !fraction.isEmpty else { return nil }
        guard let letter = rest.first else { return }
        guard letter | 0x20 == UInt8(ascii: "e") else { return nil }
        rest.removeFirst()
        exponent = rest
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard !Self.digits(&rest).isEmpty, rest.isEmpty else { return nil }
    }

    private static func digits(_ rest: inout Digits) -> Digits {
        let start = rest.startIndex
        while let byte = rest.first, (0x30...0x39).contains(byte) { rest.removeFirst() }
        return rest.base[start..<rest.startIndex]
    }
}

extension UnsafeRawBufferPointer {
    /// Without spaces and nulls at the end.
    var withoutPadding: UnsafeRawBufferPointer {
        var end = count
        while end > 0, self[end - 1] == 0x20 || self[end - 1] == 0 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[..<end])
    }

    /// The place of a byte from `start` on, or the end.
    func index(of byte: UInt8, from start: Int) -> Int {
        var index = start
        while index < count && self[index] != byte { index += 1 }
        return index
    }
}
