/// What may stand where a UID is expected: digits and dots, 64 at most, a digit first (PS3.5 section 9.1, but for leading
/// zeros and empty parts, which old devices write). Nothing else ever names a file, a row or an address.
package func isUsable(uid: String) -> Bool {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard (1...64).contains(uid.utf8.count), let first = uid.utf8.first, digits.contains(first) else {
        return false
    }
    return uid.utf8.allSatisfy { digits.contains($0) || $0 == UInt8(ascii: ".") }
}
