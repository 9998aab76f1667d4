import Foundation
import LightboxCore
import WireFormats

extension ImageInput {
    /// The images that a CSV lists. The column of paths is `path`, `image`, … or else the first; every other
    /// column goes along as an extra. A path is taken as absolute, in a bucket, or beside the CSV.
    func csvItems(_ path: String, home: Home, frames: FrameChoice) throws -> ItemSource {
        let local = try home.localPath(of: path)
        let table = try LabelledImages(csv: local)
        let folder = (local as NSString).deletingLastPathComponent
        let rows = Array(table.rows.enumerated())
        return ItemSource(
            parts: rows, total: frames == .all ? nil : rows.count, fingerprint: ItemSource.fingerprint(of: [local])
        ) { number, row in
            do {
                let written = row[table.pathColumn]
                let file = try Self.imagePath(written, beside: folder, home: home)
                let extras = table.header.indices.filter { $0 != table.pathColumn }.map {
                    ImageItem.Extra(name: table.header[$0], value: .text(row[$0]))
                }
                return Self.entries(file: file, name: written, extras: extras, frames: frames)
            } catch {
                let source = "\(path) row \(number + 1)"
                return [.problem(StageReport.Problem(source: source, error: error))]
            }
        }
    }

    static func imagePath(_ written: String, beside folder: String, home: Home) throws -> String {
        if written.hasPrefix("/") || written.contains("://") { return try home.localPath(of: written) }
        return folder.isEmpty ? written : folder + "/" + written
    }
}
