import Foundation
import TestSupport
import Testing
import Warehouse

@Suite("Vector functions") struct VectorFunctionTests {
    struct Stored: Decodable {
        struct Pair: Decodable {
            let count: Int
            let seeds: [Int]
            let dot, cosine, l2: Double
        }
        struct Spread: Decodable {
            let samples: [Double]
            let variance, stddev, populationVariance, populationDeviation: Double

            enum CodingKeys: String, CodingKey {
                case samples, variance, stddev
                case populationVariance = "var_pop"
                case populationDeviation = "stddev_pop"
            }
        }
        let pairs: [Pair]
        let spread: Spread
    }

    static func stored() throws -> Stored {
        let data = try Data(contentsOf: URL(fileURLWithPath: reference("warehouse/vector_functions.json")))
        return try JSONDecoder().decode(Stored.self, from: data)
    }

    static func vector(seed: Int, count: Int) -> SQLValue {
        .vector((0..<count).map { Float(($0 * 7919 + seed * 104_729) % 2003 - 1001) / 500 })
    }

    @Test("Equal numpy's") func numpy() throws {
        let stored = try Self.stored()
        try withWarehouse { warehouse, _ throws in
            for pair in stored.pairs {
                let a = Self.vector(seed: pair.seeds[0], count: pair.count)
                let b = Self.vector(seed: pair.seeds[1], count: pair.count)
                let row = try warehouse.query(
                    "SELECT dot(?1, ?2), cosine_similarity(?1, ?2), l2_distance(?1, ?2), vector_length(?1)",
                    [a, b]
                ).rows[0]
                guard case (.real(let dot), .real(let cosine), .real(let l2)) = (row[0], row[1], row[2]) else {
                    Issue.record("\(row)")
                    continue
                }
                #expect(abs(dot - pair.dot) <= 2e-6 * max(1, Double(pair.count)))
                #expect(abs(cosine - pair.cosine) < 2e-6)
                #expect(abs(l2 - pair.l2) <= 2e-6 * max(1, pair.l2))
                #expect(row[3] == .integer(Int64(pair.count)))
            }
        }
    }

    @Test("Variance and standard deviation equal numpy's") func spread() throws {
        let spread = try Self.stored().spread
        try withWarehouse { warehouse, _ throws in
            let rows = spread.samples.map { TableRow([.init("x", .real($0))]) } + [TableRow([.init("x", .null)])]
            try warehouse.load(
                rows, into: TableName("t"), disposition: .failIfExists, from: anySource, at: anyDate)
            for (name, expected) in [
                ("variance", spread.variance), ("stddev", spread.stddev), ("var_pop", spread.populationVariance),
                ("stddev_pop", spread.populationDeviation),
            ] {
                guard case .real(let number)? = try warehouse.first("SELECT \(name)(x) FROM t") else {
                    Issue.record("\(name) gives no number")
                    continue
                }
                #expect(abs(number / expected - 1) < 1e-12)
            }
            #expect(try warehouse.first("SELECT stddev(x) FROM t WHERE x = 7") == .null)
        }
    }

    @Test("Text becomes a vector and back; elements count from 0") func textAndElements() throws {
        try withWarehouse { warehouse, _ throws in
            func value(_ sql: String) throws -> SQLValue? { try warehouse.first("SELECT " + sql) }
            #expect(try value("vector('[0.5, -1, 2e3]')") == .vector([0.5, -1, 2000]))
            #expect(try value("vector_json(vector('[0.1, 1, 3.4e38]'))") == .text("[0.1,1,3.4e+38]"))
            #expect(try value("vector_json(vector('[]'))") == .text("[]"))
            #expect(try value("vector_at(vector('[4, 5, 6]'), 0)") == .real(4))
            #expect(try value("vector_at(vector('[4, 5, 6]'), 2)") == .real(6))
            #expect(try value("cosine_similarity(vector('[0,0]'), vector('[1,0]'))") == .null)
            #expect(try value("dot(NULL, vector('[1]'))") == .null)
            #expect(try value("vector_at(vector('[1]'), NULL)") == .null)
            #expect(try value("dot(vector('[]'), vector('[]'))") == .real(0))
        }
    }

    @Test(
        "Say what is wrong with their arguments",
        arguments: [
            ("cosine_similarity(vector('[1,2,3]'), vector('[1,2]'))", "3 and 2 numbers"),
            ("l2_distance(vector('[1]'), '[1]')", "vector('[…]')"),
            ("dot(1, vector('[1]'))", "a number and not a vector"),
            ("vector_length(x'010203')", "multiple of four"), ("vector_at(vector('[1,2]'), 2)", "indices 0...1"),
            ("vector_at(vector('[1,2]'), -1)", "indices 0...1"),
            ("vector('[1,\"a\"]')", "not a JSON array of numbers"),
            ("vector('[1')", "not a JSON array of numbers"), ("vector('[1] 2')", "not a JSON array of numbers"),
        ])
    func errors(expression: String, words: String) throws {
        try withWarehouse { warehouse, _ throws in
            let error = failure { _ = try warehouse.query("SELECT \(expression)") }
            // PostgreSQL itself refuses arguments of another type, in its own words.
            let isOfTypes =
                ["'[1]')", "dot(1,", "x'0"].contains(where: expression.contains) && !words.hasPrefix("not a")
            let expected = TestEngine.isPostgres && isOfTypes ? "SQL: " : words
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
        }
    }

    @Test("The functions of mathematics are there") func mathematics() throws {
        try withWarehouse { warehouse, _ throws in
            #expect(try warehouse.first("SELECT sqrt(16) + pow(2, 3) + ln(1) + round(2.567, 2)") == .real(14.57))
        }
    }
}
