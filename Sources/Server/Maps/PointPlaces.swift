import Catalog
import DICOMStore
import Foundation
import Imaging
import LightboxCore
import Serving
import WebPages

/// Where the picture of a point is: in a DICOM store, or in a file that the caller may see.
struct PointPlaces {
    enum Place {
        case instance(InstancePlace, frame: Int)
        /// A path of this machine, or an address.
        case file(String)
    }

    let context: ServerContext
    let role: AccessRole

    static func isUID(_ text: String) -> Bool {
        (2...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    /// nil for a point that names no picture. It may block.
    func place(_ names: [(column: String, text: String)]) throws -> Place? {
        func text(_ thing: String) -> String? {
            RowNames.column(thing, in: names.map(\.column)).flatMap { column in
                names.first { $0.column == column }?.text
            }
        }
        if let uid = text("instance"), Self.isUID(uid), let found = try instance(uid) {
            return .instance(found, frame: text("frame").flatMap { Int($0) } ?? 1)
        }
        return (text("file") ?? text("path")).map { .file($0) }
    }

    private func instance(_ uid: String) throws -> InstancePlace? {
        for name in try context.stores.catalog().stores() {
            if let found = try context.stores.store(name).instance(uid) {
                let position = found.position
                return InstancePlace(
                    store: StorePlace(name), study: position.study, series: position.series,
                    instance: position.instance)
            }
        }
        return nil
    }

    // MARK: Files

    /// The bytes of a picture.
    ///
    /// Administrators see any file of the machine that is a picture; others what lies in folders that the server was told
    /// of, and in its own buckets.
    func bytes(of file: String) async throws -> Bytes {
        let reader = context.settings.models.model.images
        if file.contains("://"), let remote = context.models.pool.settings.model.remoteImages {
            return try await remote.bytes(at: file, limit: reader.maximumBytes)
        }
        return try await blocking { try CaseRoutes.file(try path(of: file), reader) }
    }

    private func path(of file: String) throws -> String {
        let folders = context.settings.pictureFolders
        let candidates: [String]
        if file.contains("://") {
            let isBucket = file.hasPrefix("gs://") || file.hasPrefix("s3://")
            candidates = isBucket ? [try context.home.localPath(of: file)] : []
        } else if file.hasPrefix("/") {
            candidates = [file]
        } else {
            candidates = folders.map { $0 + "/" + file }
        }
        let real = candidates.compactMap(Self.real)
        let allowed = (folders + [context.home.buckets]).compactMap(Self.real)
        if let found = real.first(where: { path in role >= .admin || allowed.contains { path.hasPrefix($0 + "/") }
        }) {
            return found
        }
        guard real.isEmpty else {
            throw ServerError(
                .forbidden,
                "This server does not show pictures of that folder. Name it with `serve --pictures FOLDER`.")
        }
        throw ServerError(
            .noSuchRoute,
            file.hasPrefix("/") || file.contains("://")
                ? "The picture is not there any more."
                : "Where the picture lies is not known. Name its folder with `serve --pictures FOLDER`.")
    }

    /// The path without links and dots; nil where nothing is.
    private static func real(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}

extension Image {
    /// As small as a side of so many pixels, by halves, so that nothing flickers.
    func reduced(toSide side: Int) -> Image {
        var image = self
        while max(image.width, image.height) >= 2 * side, min(image.width, image.height) > 1 {
            image = image.resized(height: max(1, image.height / 2), width: max(1, image.width / 2))
        }
        let longest = max(image.width, image.height)
        guard longest > side else { return image }
        return image.resized(
            height: max(1, image.height * side / longest), width: max(1, image.width * side / longest))
    }
}
