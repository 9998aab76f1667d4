import Foundation
public import LightboxCore

extension Home {
    /// What people keep beside DICOM files.
    private static let otherKinds: Set<String> = [
        "csv", "tsv", "txt", "json", "jsonl", "md", "html", "pdf", "yaml", "yml",
    ]

    /// The files that an argument names, as ``files(at:)``: without those that are by their names something else than
    /// DICOM, unless there are no others.
    public func dicomFiles(at source: String) throws -> [String] {
        let paths = try files(at: source)
        let others = paths.filter { Self.otherKinds.contains(($0 as NSString).pathExtension.lowercased()) }
        let rest = Set(paths).subtracting(others)
        return rest.isEmpty ? paths : paths.filter(rest.contains)
    }
}
