/// How models, versions and jobs may be called: letters, digits and `_`, at most 128, a letter first.
///
/// A version may also begin with a digit, since TensorFlow Serving counts versions: `1`.
enum CatalogName {
    enum Kind: String {
        case model, version, job, token
    }

    static func check(_ name: String, _ kind: Kind) throws {
        let isWord = name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
        guard isWord, (1...128).contains(name.utf8.count), let first = name.utf8.first,
            isLetter(first) || kind == .version && isDigit(first)
        else {
            let start = kind == .version ? "a letter or a digit" : "a letter"
            throw CatalogError(
                .invalidArgument,
                "This is no name for a \(kind.rawValue): it consists of letters, digits and '_', begins with "
                    + "\(start) and has at most 128 characters.")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
