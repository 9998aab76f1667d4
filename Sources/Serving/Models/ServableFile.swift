import Foundation
import LightboxCore

/// A file or folder that can be served, by what it is.
public enum ServableFile: Sendable, Hashable {
    /// A version's folder with a `model.json`.
    case folder(String)
    /// A folder with a `saved_model.pb`.
    case savedModel(String)
    case onnx(String)
    /// An `.xml` with its `.bin` beside it.
    case openVINO(String)
    case tfLite(String)
    /// `.h5` or `.keras`, with the whole model in it.
    case keras(String)

    public var path: String {
        switch self {
        case .folder(let path), .savedModel(let path), .onnx(let path), .openVINO(let path), .tfLite(let path),
            .keras(let path):
            path
        }
    }

    /// Tells what stands at a path: one of these, or a folder that holds one of them, directly or in a single
    /// folder inside (as TensorFlow Serving keeps its versions).
    ///
    /// - Throws: ``ServingError`` when there is none, or more than one.
    public init(at path: String) throws {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ServingError(
                .modelNotFound, model: path, "there is no such file or folder", remedy: "Check the path.")
        }
        if !isFolder.boolValue {
            guard let file = ServableFile(file: path) else { throw Self.unknown(path) }
            self = file
            return
        }
        let found = try Self.inside(path)
        if found.count == 1 {
            self = found[0]
            return
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter { name in
            !name.hasPrefix(".")
                && FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
                && isFolder.boolValue
        }
        if found.isEmpty, folders.count == 1 {
            let inner = try Self.inside(path + "/" + folders[0])
            if inner.count == 1 {
                self = inner[0]
                return
            }
        }
        guard found.count > 1 else { throw Self.unknown(path) }
        throw ServingError(
            .modelRefused, model: path, "the folder holds \(found.count) models", remedy: "Leave one in it.")
    }

    private static func inside(_ folder: String) throws -> [ServableFile] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        if names.contains("model.json") { return [.folder(folder)] }
        if names.contains("saved_model.pb") { return [.savedModel(folder)] }
        return names.filter { !$0.hasPrefix(".") }.compactMap { ServableFile(file: folder + "/" + $0) }
    }

    /// By the name's ending; nil for others.
    private init?(file path: String) {
        switch (path as NSString).pathExtension.lowercased() {
        case "onnx": self = .onnx(path)
        case "xml": self = .openVINO(path)
        case "tflite": self = .tfLite(path)
        case "h5", "keras", "hdf5": self = .keras(path)
        default: return nil
        }
    }

    private static func unknown(_ path: String) -> ServingError {
        ServingError(
            .modelRefused, model: path, "this is no model that can be served",
            remedy:
                "Give a folder with model.json or saved_model.pb, or a file .onnx, .xml with .bin, .tflite, .h5 or .keras."
        )
    }

    /// Bytes of all files that belong to it.
    func size() throws -> Int {
        func bytes(_ path: String) -> Int {
            var status = stat()
            return stat(path, &status) == 0 ? Int(status.st_size) : 0
        }
        switch self {
        case .folder(let path), .savedModel(let path):
            return try FileTree.files(below: path).reduce(0) { $0 + bytes($1) }
        case .openVINO(let path): return bytes(path) + bytes(String(path.dropLast(4)) + ".bin")
        case .onnx(let path), .tfLite(let path), .keras(let path): return bytes(path)
        }
    }
}
