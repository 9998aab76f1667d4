import AnswerCards
import Catalog
import Foundation
import HTTPTypes
import Imaging
import LightboxCore
import Serving

/// Pictures of known cases.
struct CaseRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route(
                .get, "/cases/{model}/{id}", .page, .read, "The picture of a known case.",
                .init(mediaType: "image/png"), handler: picture)
        ]
    }

    /// Where the picture of a case is. Ids that are no plain words are escaped twice: once is undone before the path
    /// is taken apart.
    static func address(of id: String, model: String) -> String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
        let once = id.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
        // A browser takes these for folders.
        let part = [".", ".."].contains(once) ? once.replacing(".", with: "%2E") : once
        return "/cases/\(model)/" + part.replacing("%", with: "%25")
    }

    @Sendable private func picture(_ call: Call) async throws -> Reply {
        let id = call["id"].removingPercentEncoding ?? call["id"]
        guard let attached = context.cases[call["model"]],
            let known = try await attached.known().index.case(id: id),
            let path = known.path
        else { throw ServerError(.noSuchRoute, "There is no picture of such a case.") }
        let reader = context.settings.models.model.images
        let picture = try await blocking { PNG.encode(try reader.image(try Self.file(path, reader))) }
        var reply = Reply(picture, type: "image/png")
        reply.headers[.cacheControl] = "no-store"
        return reply
    }

    /// The bytes of a file; of nothing else, such as a device.
    static func file(_ path: String, _ reader: ImageReader) throws -> Bytes {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let size = attributes?[.size] as? Int, let file = try? MappedFile(path: resolved)
        else { throw ServerError(.noSuchRoute, "The picture is not there any more.") }
        guard size <= reader.maximumBytes else {
            throw ServingError(
                .tooLarge, "the image has \(size) bytes", remedy: "The limit is \(reader.maximumBytes).")
        }
        return Bytes(file)
    }
}
