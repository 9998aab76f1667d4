import Foundation

/// The repository's own root, for reference numbers in `Tests/Reference`.
package let repositoryRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// A file of stored reference numbers, with the script that made it beside it.
package func reference(_ name: String) -> String { repositoryRoot + "/Tests/Reference/" + name }

/// The optional folder of real images and weights (`LIGHTBOX_TEST_DATA`, default `../shared/data`).
///
/// Tests that use it are enabled by `testData(_:) != nil` and say what they need.
package func testData(_ path: String) -> String? {
    let root = ProcessInfo.processInfo.environment["LIGHTBOX_TEST_DATA"] ?? repositoryRoot + "/../shared/data"
    let full = root + "/" + path
    return FileManager.default.fileExists(atPath: full) ? full : nil
}

/// Runs `body` with a new folder that is removed afterwards.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

package func withAsyncTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

private func makeTemporaryFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lightbox-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.path
}
