import Foundation
import TestSupport

/// What pydicom reads from a file: `Tests/Reference/pixels/stored_values.json`.
struct StoredReference: Decodable, Sendable {
    struct Plugin: Decodable, Sendable {
        var refused: String?
        var shape: [Int]?
        var sha256: String?
        /// 64 samples at equal distances.
        var values: [Int]?
    }

    var syntax: String
    var plugins: [String: Plugin]

    static let all: [String: StoredReference] = load("stored_values.json")
}

/// What a display shows of a file's first frame: `Tests/Reference/pixels/rendered.json`.
struct RenderedReference: Decodable, Sendable {
    var sha256: String
    var values: [Int]

    static let all: [String: RenderedReference] = load("rendered.json")
}

private func load<Value: Decodable>(_ name: String) -> [String: Value] {
    guard let data = FileManager.default.contents(atPath: reference("pixels/" + name)),
        let content = try? JSONDecoder().decode([String: Value].self, from: data)
    else { fatalError("Tests/Reference/pixels/\(name) is missing or damaged") }
    return content
}

/// The files that are compared: pydicom's own test files and, where it is there, the folder of real data.
enum PixelFiles {
    static let pydicomRoot = repositoryRoot + "/.native/pydicom/test_files"
    static let hasPydicom = FileManager.default.fileExists(atPath: pydicomRoot)
    static let hasData = testData("dicom/pydicom-data") != nil

    /// Names of the reference that are on this machine, in order.
    static let present: [String] = StoredReference.all.keys.filter { path($0) != nil }.sorted()

    static func path(_ name: String) -> String? {
        if name.hasPrefix("data/") { return testData("dicom/" + name.dropFirst(5)) }
        let path = pydicomRoot + "/" + name
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// The positions that the reference keeps, over `count` samples.
func referencePositions(_ count: Int) -> [Int] { (0..<64).map { $0 * (count - 1) / 63 } }
