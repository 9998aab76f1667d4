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

/// A CSV of image paths with whatever else is known of each image.
struct LabelledImages {
    /// Names of the columns; made up (`path`, `label`, `column3`…) when the file has no header.
    let header: [String]
    let rows: [[String]]
    let pathColumn: Int

    private static let pathNames = [
        "path", "image", "image_path", "image_uri", "file", "filename", "file_name", "uri",
    ]

    init(csv path: String) throws {
        let reader = try CSVReader(path: path, hasHeader: false)
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(row.fields) }
        guard let first = rows.first, !first.isEmpty else {
            throw InputError(.corrupt, "\(path): the CSV is empty.")
        }
        // Without a header the first line is already an image, as in the transfer-learning workflow.
        let lowered = first.map { $0.lowercased() }
        let hasHeader = lowered.contains { Self.pathNames.contains($0) } || !first.contains { $0.contains(".") }
        if hasHeader { rows.removeFirst() }
        let made = first.indices.map { $0 == 0 ? "path" : $0 == 1 ? "label" : "column\($0 + 1)" }
        header = hasHeader ? first : made
        let named = lowered.firstIndex { Self.pathNames.contains($0) }
        guard !hasHeader || named != nil else {
            let columns = first.joined(separator: ", ")
            throw InputError(
                .invalidInput, "\(path) has no column of image paths (path, image, file, …); it has \(columns).")
        }
        pathColumn = named ?? 0
        let width = header.count
        if let odd = rows.firstIndex(where: { $0.count != width }) {
            let line = odd + (hasHeader ? 2 : 1)
            throw InputError(
                .invalidInput, "\(path): record \(line) has \(rows[odd].count) fields, the first has \(width).")
        }
        self.rows = rows
    }

    /// The column of that name, whatever its case.
    func column(_ name: String) -> Int? {
        header.firstIndex { $0.lowercased() == name.lowercased() }
    }
}
