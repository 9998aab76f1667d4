import AnswerCards
import Features
import Foundation
import LightboxCore
import Pipelines
import Synchronization
import Warehouse

/// A table whose vectors are searched, in memory.
struct SimilarTable: Sendable {
    let known: KnownCases
    /// What the table was made of; another one after every load.
    let history: [[LoadRecord]]
    /// Makes an image into a vector as those of the table were made, once it is asked for.
    var extractor: FeatureExtractor?
}

/// The tables that were searched of late.
final class SimilarTables: Sendable {
    /// Each takes memory for all of its vectors.
    private static let maximumTables = 2

    private let home: Home
    /// Bytes that one table may take.
    private let limit: Int
    /// The latest last.
    private let tables = Mutex<[(name: String, table: SimilarTable)]>([])

    init(home: Home, limit: Int) {
        self.home = home
        self.limit = limit
    }

    /// The table as it is now. Blocks the calling thread while it is read.
    ///
    /// - Throws: `InputError` for a table without vectors, or with too many of them.
    func table(_ name: String) throws -> SimilarTable {
        let source = try CaseTable(CaseSource(table: name), labels: [], home: home, limit: limit)
        let history = try source.history()
        if let known = tables.withLock({ $0.first { $0.name == name }?.table }), known.history == history {
            return known
        }
        let table = SimilarTable(known: try source.read(), history: history)
        keep(table, name)
        return table
    }

    /// The vector of an image. Blocks the calling thread for seconds when it is the first.
    func vector(of image: Image, like name: String) throws -> [Float] {
        var table = try table(name)
        let extractor =
            try table.extractor
            ?? TableExtractor(table: name).extractor(
                Warehouse(home: home), sample: image, StageContext(home: home))
        if table.extractor == nil {
            table.extractor = extractor
            keep(table, name)
        }
        return try extractor.run([image])[0]
    }

    private func keep(_ table: SimilarTable, _ name: String) {
        tables.withLock { tables in
            tables.removeAll { $0.name == name }
            tables.append((name, table))
            if tables.count > Self.maximumTables { tables.removeFirst() }
        }
    }
}
