/// A store within a dataset: `my_dataset/my_store`; a store alone is in the dataset `default`.
public struct DICOMStoreName: Sendable, Hashable, CustomStringConvertible {
    public let dataset: String
    public let store: String

    public var description: String { "\(dataset)/\(store)" }

    /// - Throws: ``DICOMStoreError`` unless both consist of letters, digits, `_`, `-` and `.`, at most 200 each, and
    ///   begin with a letter, a digit or `_`.
    public init(dataset: String, store: String) throws {
        guard Self.isUsable(dataset), Self.isUsable(store) else {
            throw DICOMStoreError(
                .invalidName, "'\(dataset)/\(store)' is no store's name. Use letters, digits, '_', '-' and '.'.")
        }
        self.dataset = dataset
        self.store = store
    }

    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else {
            throw DICOMStoreError(.invalidName, "'\(text)' is no store's name. Write STORE or DATASET/STORE.")
        }
        try self.init(dataset: parts.count == 2 ? parts[0] : "default", store: parts[parts.count - 1])
    }

    static func isUsable(_ name: String) -> Bool {
        guard (1...200).contains(name.utf8.count), let first = name.utf8.first else { return false }
        return name.utf8.allSatisfy(isAllowed) && first != UInt8(ascii: ".") && first != UInt8(ascii: "-")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
