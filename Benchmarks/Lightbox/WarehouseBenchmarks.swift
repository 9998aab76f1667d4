import Foundation
import LightboxCore
import Warehouse

/// Vectors from JSON lines into SQLite, and a search over them.
enum WarehouseBenchmarks {
    static func run(count: Int, length: Int) throws {
        try withScratchFolder { folder in
            try writeVectors(to: folder + "/vectors.jsonl", count: count, length: length)
            let warehouse = try Warehouse(path: folder + "/warehouse.db")
            let loading = try seconds {
                _ = try warehouse.load(
                    JSONLineRows(path: folder + "/vectors.jsonl"), into: TableName("features"),
                    disposition: .truncate,
                    from: Provenance(source: "vectors.jsonl"), at: Date())
            }
            report("load \(count) × \(length) vectors", loading, "s")
            let sql = """
                SELECT instance, cosine_similarity(feature_vector,
                    (SELECT feature_vector FROM features WHERE instance = '1.2.3.7')) AS likeness
                FROM features ORDER BY likeness DESC LIMIT 10
                """
            report("cosine top 10", try best { _ = try warehouse.query(sql) }, "s")
        }
    }

    private static func writeVectors(to path: String, count: Int, length: Int) throws {
        var random = SeededGenerator(seed: 1)
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        for number in 0..<count {
            let values = (0..<length).map { _ in "\(Float(random.uniform()))" }.joined(separator: ",")
            let line =
                "{\"study\": \"1.2.\(number / 10)\", \"instance\": \"1.2.3.\(number)\", "
                + "\"feature_vector\": [\(values)]}\n"
            try file.write(contentsOf: Data(line.utf8))
        }
        try file.close()
    }
}
