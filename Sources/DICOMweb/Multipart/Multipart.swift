import Foundation

/// Writes multipart/related messages (RFC 2046 section 5.1).
enum Multipart {
    /// Letters and digits only, since some clients look for it with a text search.
    static func newBoundary() -> String { UUID().uuidString.filter { $0 != "-" }.lowercased() }

    /// What stands before the content of a part.
    static func opening(_ boundary: String, isFirst: Bool, _ headers: [(name: String, value: String)]) -> [UInt8] {
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array("\(isFirst ? "" : "\r\n")--\(boundary)\r\n\(lines)\r\n".utf8)
    }

    /// What stands behind the content of the last part.
    static func ending(_ boundary: String) -> [UInt8] { Array("\r\n--\(boundary)--\r\n".utf8) }
}
