import GRDB

/// `variance` and `stddev` (of a sample, as in BigQuery) and their `_pop` forms, which SQLite lacks.
///
/// NULLs are left out; fewer than two numbers (none, for `_pop`) give NULL.
enum StatisticsFunctions {
    static func register(on database: Database) {
        add("variance", SampleVariance.self, to: database)
        add("stddev", SampleDeviation.self, to: database)
        add("var_pop", PopulationVariance.self, to: database)
        add("stddev_pop", PopulationDeviation.self, to: database)
    }

    private static func add<Kind: SpreadKind>(_ name: String, _: Kind.Type, to database: Database) {
        database.add(function: DatabaseFunction(name, argumentCount: 1, pure: true, aggregate: Spread<Kind>.self))
    }
}

private protocol SpreadKind {
    static var isSample: Bool { get }
    static var isRoot: Bool { get }
}

private enum SampleVariance: SpreadKind { static let isSample = true, isRoot = false }
private enum SampleDeviation: SpreadKind { static let isSample = true, isRoot = true }
private enum PopulationVariance: SpreadKind { static let isSample = false, isRoot = false }
private enum PopulationDeviation: SpreadKind { static let isSample = false, isRoot = true }

/// Welford's running sum of squared differences from the mean (Technometrics 1962), which does not cancel.
private struct Spread<Kind: SpreadKind>: DatabaseAggregate {
    private var count = 0.0
    private var mean = 0.0
    private var squares = 0.0

    init() {}

    mutating func step(_ values: [DatabaseValue]) throws {
        guard let number = Double.fromDatabaseValue(values[0]) else { return }
        count += 1
        let difference = number - mean
        mean += difference / count
        squares += difference * (number - mean)
    }

    func finalize() throws -> (any DatabaseValueConvertible)? {
        let divisor = Kind.isSample ? count - 1 : count
        guard divisor > 0 else { return nil }
        return Kind.isRoot ? (squares / divisor).squareRoot() : squares / divisor
    }
}
