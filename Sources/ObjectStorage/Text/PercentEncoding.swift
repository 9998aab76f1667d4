/// Escapes of RFC 3986, over UTF-8.
package enum PercentEncoding {
    /// Letters, digits, `-`, `.`, `_`, `~`: what is never escaped.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// Everything but unreserved characters escaped in upper case, as signatures want it.
    ///
    /// - Parameter keepsSlashes: for a path, whose parts are divided by them.
    package static func encode(_ text: some StringProtocol, keepsSlashes: Bool = false) -> String {
        var output: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) || (keepsSlashes && byte == UInt8(ascii: "/")) {
                output.append(byte)
            } else {
                append(byte, to: &output)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Characters beyond ASCII escaped, everything else left alone.
    static func escapeNonASCII(_ text: some StringProtocol) -> String {
        var output: [UInt8] = []
        for byte in text.utf8 { if byte < 0x80 { output.append(byte) } else { append(byte, to: &output) } }
        return String(decoding: output, as: UTF8.self)
    }

    /// nil for an escape without its two digits, or bytes that are no UTF-8.
    package static func decode(_ text: some StringProtocol) -> String? {
        let input = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < input.count {
            if input[index] == UInt8(ascii: "%") {
                guard index + 2 < input.count, let high = digit(input[index + 1]),
                    let low = digit(input[index + 2])
                else { return nil }
                output.append(high << 4 | low)
                index += 3
            } else {
                output.append(input[index])
                index += 1
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, to output: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
