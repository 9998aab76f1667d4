public import DICOM

/// A search by attributes, as QIDO-RS and C-FIND ask for it (PS3.4 section C.2.2.2).
public struct AttributeQuery: Sendable, Hashable {
    /// What a result stands for.
    public enum Level: Int, Sendable, Hashable, Comparable, CaseIterable {
        case study, series, instance

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// One attribute that has to match; all terms of a query have to.
    public struct Term: Sendable, Hashable {
        /// The attribute, behind the sequences that it stands in.
        public var path: [Tag]
        /// As in an identifier of C-FIND: `*` and `?` in texts, `20200101-20201231`, UIDs separated by a comma or a
        /// backslash. An empty value and `*` match everything.
        public var value: String

        /// - Precondition: `path` is not empty.
        public init(path: [Tag], value: String) {
            precondition(!path.isEmpty)
            self.path = path
            self.value = value
        }

        public init(_ tag: Tag, _ value: String) { self.init(path: [tag], value: value) }
    }

    /// Which attributes a result has.
    public enum Fields: Sendable, Hashable {
        /// Those of the index, and for instances every attribute of the file but binary ones.
        case all
        case tags(Set<Tag>)

        func contains(_ tag: Tag) -> Bool {
            switch self {
            case .all: true
            case .tags(let tags): tags.contains(tag)
            }
        }
    }

    /// In which order studies come; pages of one order fit together.
    public enum Order: String, Sendable, Hashable {
        /// Whatever is quickest.
        case any
        /// The latest study date first, those without a date last.
        case newest
        /// By patient ID, those without one first.
        case patient
    }

    public var level: Level
    public var terms: [Term]
    /// Of studies; series and instances come in any order.
    public var order = Order.any
    /// Person names match when a word of the query begins a word of the name, whatever the case and the accents.
    public var isFuzzy: Bool
    public var fields: Fields
    public var limit: Int
    public var offset: Int

    public init(
        level: Level, terms: [Term] = [], isFuzzy: Bool = false, fields: Fields = .all, limit: Int = 100,
        offset: Int = 0
    ) {
        self.level = level
        self.terms = terms
        self.isFuzzy = isFuzzy
        self.fields = fields
        self.limit = limit
        self.offset = offset
    }
}
