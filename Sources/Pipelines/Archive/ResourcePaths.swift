public import DICOMStore
import Foundation
import LightboxCore

/// The filter file of Google's API: one `/studies/X[/series/Y[/instances/Z]]` a line.
public struct ResourcePaths: Sendable, Hashable {
    /// None matches what another one matches.
    public let filters: [InstanceFilter]

    /// - Throws: ``ArchiveError`` naming the first line that is no resource path.
    public init(_ text: String) throws {
        var paths: [[String]] = []
        // "\r\n" is one character.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.isEmpty else { continue }
            guard let path = Self.path(line) else {
                throw ArchiveError(
                    .invalidInput, "Line \(index + 1) of the filter file is no /studies/X/series/Y/instances/Z.")
            }
            paths.append(path)
        }
        guard !paths.isEmpty else { throw ArchiveError(.invalidInput, "The filter file names nothing.") }
        let known = Set(paths)
        filters = known.filter { path in !(1..<path.count).contains { known.contains(Array(path.prefix($0))) } }
            .sorted { $0.lexicographicallyPrecedes($1) }
            .map { path in
                InstanceFilter(
                    studyInstanceUID: path[0], seriesInstanceUID: path.count > 1 ? path[1] : nil,
                    sopInstanceUID: path.count > 2 ? path[2] : nil)
            }
    }

    /// The UIDs of a study, of a series in it, of an instance in that.
    private static func path(_ line: String) -> [String]? {
        let parts = line.split(separator: "/").map(String.init)
        let levels = ["studies", "series", "instances"]
        guard [2, 4, 6].contains(parts.count) else { return nil }
        var uids: [String] = []
        for (level, start) in zip(levels, stride(from: 0, to: parts.count, by: 2)) {
            guard parts[start] == level else { return nil }
            uids.append(parts[start + 1])
        }
        return uids
    }
}
