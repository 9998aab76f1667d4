import Analysis
import Foundation
import LightboxCore
import Warehouse

/// Files for TensorBoard's Embedding Projector: vectors, what is known of each, and a configuration that names both.
struct ProjectorFiles {
    let folder: String

    func write(_ rows: VectorRows) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let matrix = rows.matrix
        var vectors: [UInt8] = []
        for row in 0..<matrix.rows {
            vectors += matrix[row].map { "\($0)" }.joined(separator: "\t").utf8
            vectors.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(vectors, to: folder + "/vectors.tsv")
        try AtomicFile.write(Array(metadata(rows).utf8), to: folder + "/metadata.tsv")
        let configuration = """
            embeddings {
              tensor_name: "vectors"
              tensor_path: "vectors.tsv"
            \(rows.columns.isEmpty ? "" : "  metadata_path: \"metadata.tsv\"\n")}

            """
        try AtomicFile.write(Array(configuration.utf8), to: folder + "/projector_config.pbtxt")
    }

    /// One column has no header: that is what the projector expects.
    private func metadata(_ rows: VectorRows) -> String {
        func line(_ cells: [String]) -> String {
            cells.map { $0.map { $0.isNewline || $0 == "\t" ? " " : String($0) }.joined() }.joined(separator: "\t")
                + "\n"
        }
        let header = rows.columns.count > 1 ? line(rows.columns) : ""
        return header + rows.cells.map { line($0.map { $0.label ?? "" }) }.joined()
    }
}
