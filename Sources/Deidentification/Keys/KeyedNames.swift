import LightboxCore

/// New names for old ones by a keyed hash. Each kind of name is hashed apart, so that a PatientID that
/// equals a UID tells nothing.
struct KeyedNames: Sendable {
    private let keyed: KeyedHash

    init(_ keyed: KeyedHash) { self.keyed = keyed }

    private func hash(_ kind: String, _ value: String) -> [UInt8] {
        keyed.hash(of: Array(kind.utf8) + [0] + Array(value.utf8))
    }

    /// A UID made of a UUID (PS3.5 annex B.2), at most 44 characters.
    func uid(_ old: String) -> String {
        var bytes = hash("uid", old)
        bytes[6] = bytes[6] & 0x0f | 0x80  // RFC 9562: version 8, made as its maker likes
        bytes[8] = bytes[8] & 0x3f | 0x80
        let number = bytes[..<16].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        return "2.25.\(number)"
    }

    /// `P` and twelve letters or digits: 60 bits, so that among a million patients two meet by a chance of
    /// one in two million.
    func patient(_ identity: String) -> String { "P" + letters(of: hash("patient", identity), count: 12) }

    /// Days to add to a patient's dates: one month to ten years back.
    func days(_ identity: String) -> Int {
        let hash = hash("days", identity)
        return -30 - Int(hash[..<7].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 3_623)
    }

    /// Letters and digits for any other value, at most 48.
    func letters(_ value: String, count: Int = 16) -> String { letters(of: hash("value", value), count: count) }

    /// Nine digits, the first not zero, for values that have to be numbers.
    func number(_ value: String) -> String {
        let hash = hash("value", value)
        return String(100_000_000 + hash[..<7].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 900_000_000)
    }

    /// Crockford's alphabet, which has no letter that looks like a digit.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private func letters(of hash: [UInt8], count: Int) -> String {
        precondition(count <= hash.count * 8 / 5)
        return String(
            decoding: (0..<count).map { index in
                let bit = index * 5
                let pair = UInt16(hash[bit / 8]) << 8 | UInt16(bit / 8 + 1 < hash.count ? hash[bit / 8 + 1] : 0)
                return Self.alphabet[Int(pair >> UInt16(11 - bit % 8)) & 31]
            }, as: UTF8.self)
    }
}
