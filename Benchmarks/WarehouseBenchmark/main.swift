import Foundation
import LightboxCore
import Warehouse

/// Prints how fast the warehouse loads and searches. Arguments: vectors, numbers in each (10000 2048).
let arguments = CommandLine.arguments.dropFirst().compactMap(Int.init)
let count = arguments.first ?? 10_000
let length = arguments.dropFirst().first ?? 2048

@discardableResult func time<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    let seconds = (clock.now - start) / .seconds(1)
    print("\(name): \((seconds * 1000).rounded()) ms")
    return result
}

func writeVectors(to path: String) throws {
    var random = SeededGenerator(seed: 1)
    FileManager.default.createFile(atPath: path, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    for number in 0..<count {
        let values = (0..<length).map { _ in "\(Float(random.uniform()))" }.joined(separator: ", ")
        try file.write(
            contentsOf: Data(
                "{\"study\": \"1.2.\(number / 10)\", \"instance\": \"1.2.3.\(number)\", \"feature_vector\": [\(values)]}\n"
                    .utf8))
    }
    try file.close()
}

let folder = FileManager.default.temporaryDirectory.path + "/lightbox-benchmark-\(UUID().uuidString)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
try writeVectors(to: folder + "/vectors.jsonl")

let warehouse = try Warehouse(path: folder + "/warehouse.db")
let table = try TableName("features")
let source = Provenance(source: "vectors.jsonl")
try time("parse \(count) lines of \(length) numbers") {
    var sum = 0
    try JSONLineRows(path: folder + "/vectors.jsonl").forEachRow { row, _ in sum += row.cells.count }
}
try time("load them into SQLite, parsing included") {
    try warehouse.load(
        JSONLineRows(path: folder + "/vectors.jsonl"), into: table, disposition: .truncate, from: source,
        at: Date())
}
let sql = """
    SELECT instance, cosine_similarity(feature_vector, (SELECT feature_vector FROM features WHERE instance = ?)) AS likeness
    FROM features ORDER BY likeness DESC LIMIT 10
    """
for round in 1...3 {
    try time("cosine top 10, round \(round)") { try warehouse.query(sql, [.text("1.2.3.\(round)")]) }
}
