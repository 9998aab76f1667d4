import Foundation
import LightboxCore

/// A file of a model's folder by its name there, which came from outside.
struct FolderEntry {
    let folder: String
    let name: String

    /// - Throws: ``RegistryError`` for a name that leads out of the folder or cannot be one.
    init(_ name: String, in folder: String) throws {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isUsable = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255
                && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") }
        }
        guard isUsable, name.utf8.count <= 1024, name != ModelManifest.fileName else {
            throw RegistryError(
                .unsafeName, folder, "a file's name in the manifest is not a plain one",
                remedy: "Do not use this model; take it from its source again.")
        }
        self.folder = folder
        self.name = name
    }

    var path: String { folder + "/" + name }

    /// The file's size, when it and the folders on the way to it are no links.
    func size() throws -> Int {
        var place = folder
        var status = stat()
        let parts = name.split(separator: "/")
        for (index, part) in parts.enumerated() {
            place += "/" + part
            guard lstat(place, &status) == 0 else {
                throw RegistryError(
                    .missingFile, path, "the file is missing", remedy: "Take the model from its source again.")
            }
            let wanted = index == parts.count - 1 ? S_IFREG : S_IFDIR
            guard status.st_mode & S_IFMT == wanted else {
                throw RegistryError(
                    .unsafeName, path, "there is a link or something else than a file",
                    remedy: "Copy the file itself to this place.")
            }
        }
        return Int(status.st_size)
    }
}
