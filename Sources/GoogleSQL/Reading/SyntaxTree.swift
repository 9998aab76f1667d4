/// A value's expression as it was written.
struct Expression {
    indirect enum Form {
        case null
        case bool(Bool)
        case integer(String)
        case real(String)
        case string(String)
        /// `DATE '2020-01-31'`
        case typed(String, String)
        /// `column`, `table.column`.
        case name([String])
        case named(String)
        /// Counted from 0.
        case positional(Int)
        case unary(String, Expression)
        case binary(String, Expression, Expression)
        /// With AND or OR between them.
        case chain(isAnd: Bool, [Expression])
        /// `IS [NOT] NULL|TRUE|FALSE`
        case isState(Expression, String, isNegated: Bool)
        case isDistinct(Expression, Expression, isNegated: Bool)
        case between(Expression, Expression, Expression, isNegated: Bool)
        case inList(Expression, [Expression], isNegated: Bool)
        case inQuery(Expression, Query, isNegated: Bool)
        case inArray(Expression, Expression, isNegated: Bool)
        case like(Expression, Expression, isNegated: Bool)
        case branches(Expression?, [(condition: Expression, value: Expression)], Expression?)
        case cast(Expression, TypeName, isSafe: Bool)
        case call(Call)
        case extract(part: String, Expression)
        case query(Query)
        case exists(Query)
        /// `array[OFFSET(i)]`; the word is empty for `array[i]`.
        case element(Expression, String, Expression)
        case array([Expression])
        case interval(Expression, String)
    }

    let form: Form
    let place: Place
}

/// A type as it was written: its word, and for an array its element's.
struct TypeName {
    let word: String
    var element: String?
    let place: Place
}

/// A function's call.
struct Call {
    let name: String
    var arguments: [Expression] = []
    /// `COUNT(*)`
    var hasStar = false
    var isDistinct = false
    /// Of an aggregate's input.
    var order: [SortKey] = []
    var limit: Expression?
    var window: Window?
}

struct Window {
    var partition: [Expression] = []
    var order: [SortKey] = []
    /// In SQL's words, which both engines take; without an expression.
    var frame = ""
}

struct SortKey {
    let expression: Expression
    var isDescending = false
    /// nil where nothing was said.
    var nullsFirst: Bool?
}

/// A SELECT with what stands before and behind it.
struct Query {
    struct Common {
        let name: String
        let query: Query
        let place: Place
    }

    indirect enum Body {
        case select(Select)
        case query(Query)
        /// `UNION ALL`, `UNION DISTINCT`, `INTERSECT DISTINCT`, `EXCEPT DISTINCT`
        case set(String, [Body])
    }

    var commons: [Common] = []
    var body: Body
    var order: [SortKey] = []
    var limit: Expression?
    var offset: Expression?
    let place: Place
}

struct Select {
    enum Item {
        case expression(Expression, alias: String?)
        /// `*`, `t.*`; what EXCEPT leaves out and REPLACE puts in.
        case star(table: [String], except: [String], replace: [(Expression, String)], Place)
    }

    var isDistinct = false
    var items: [Item] = []
    var from: Source?
    var condition: Expression?
    /// nil without GROUP BY.
    var group: [Expression]?
    var having: Expression?
    var qualify: Expression?
    let place: Place
}

/// What stands behind FROM.
indirect enum Source {
    /// With the words that both engines have for it.
    enum Join: String {
        case inner = "JOIN"
        case left = "LEFT JOIN"
        case right = "RIGHT JOIN"
        case full = "FULL JOIN"
        case cross = "CROSS JOIN"
    }

    case table([String], alias: String?, Place)
    case query(Query, alias: String?)
    case join(Join, Source, Source, on: Expression?, using: [String], Place)
    /// `UNNEST([1, 2])`
    case array(Expression, alias: String?, offset: String?, Place)
}
