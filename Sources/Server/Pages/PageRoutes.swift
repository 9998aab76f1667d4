import Catalog
import Datasets
import Evaluation
import Foundation
import HTTPTypes
import Imaging
import LightboxCore
import ModelRegistry
import Pipelines
import Serving
import Warehouse
import WebPages

/// The pages that people look at, what they load, and the pictures that they show.
struct PageRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            .page("/", "Where to begin.", home),
            .page("/predict", "Ask a model about images.", query: ["model", "version"], role: .predict, predict),
            .page("/models", "The models.", query: ["pageToken"], models),
            .page("/models/{model}", "A model and its versions.", model),
            .page("/models/{model}/versions/{version}", "All that is known of a version.", version),
            .page("/labels", "How often each label occurs in a table.", query: ["table"], labels),
            Route(
                .get, "/assets/{name}", .page, .read, "What pages load.", .init(mediaType: "text/css"),
                handler: asset
            ).open,
            Route(
                .post, "/render", .page, .predict, "The picture in a PNG, a JPEG or a DICOM file.",
                .init(mediaType: "image/png"), handler: render),
        ]
    }

    // MARK: Pages

    @Sendable private func home(_ call: Call) async throws -> String {
        let (models, jobs) = try await context.catalog { catalog in
            (try catalog.models(.init(size: 20)).items, try catalog.jobs(.init(size: 10)).items)
        }
        return call.pages.home(
            .init(
                models: models, jobs: jobs, address: context.address(for: call), version: context.settings.release)
        )
    }

    @Sendable private func predict(_ call: Call) async throws -> String {
        let (chosen, version) = (call.query["model"], call.query["version"])
        let choices = try await context.predictChoices(chosen, version: version)
        return call.pages.predict(choices, model: chosen, version: version)
    }

    @Sendable private func models(_ call: Call) async throws -> String {
        let request = PageRequest(token: call.query["pageToken"] ?? "")
        let page = try await context.catalog { try $0.models(request) }
        return call.pages.models(page.items, next: page.next)
    }

    @Sendable private func model(_ call: Call) async throws -> String {
        let name = call["model"]
        let (model, versions) = try await context.catalog { catalog in
            (try catalog.model(name), try catalog.versions(of: name, .init(size: 100)).items)
        }
        return call.pages.model(model, versions: versions)
    }

    @Sendable private func version(_ call: Call) async throws -> String {
        let (model, name) = (call["model"], call["version"])
        let (version, folder) = try await context.catalog { catalog in
            let version = try catalog.version(name, of: model)
            return (version, try catalog.folder(of: version))
        }
        let manifest = try? await blocking { try ModelFolder(path: folder, isVerified: false).manifest }
        let signatures =
            version.state == .ready ? try? await context.models.live(model, version: name).model.signatures : nil
        let evaluation = try? await blocking {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/evaluation.json"))
            return try JSONDecoder().decode(ModelEvaluation.self, from: data)
        }
        return call.pages.version(
            VersionFacts(
                version, manifest: manifest, signatures: (signatures ?? [:]).values.sorted { $0.name < $1.name },
                evaluation: evaluation))
    }

    @Sendable private func labels(_ call: Call) async throws -> String {
        let chosen = call.query["table"]
        let home = context.home
        return call.pages.labels(try await blocking { try Self.counts(chosen, home) })
    }

    /// Tables that have labels, and the counts of the one that is chosen, or of the first.
    private static func counts(_ chosen: String?, _ home: Home) throws -> Pages.LabelCounts {
        guard Warehouse.exists(in: home) else { return .init(tables: []) }
        let warehouse = try Warehouse(home: home)
        let names = try warehouse.tables().filter {
            (try? LabelledTable($0, labels: .chexpert14, in: warehouse)) != nil
        }.map(\.description)
        guard let shown = chosen ?? names.first else { return .init(tables: []) }
        do {
            let report = try LabelsStage(.table(shown)).run(StageContext(home: home))
            let left = report.tally.unreadable.values.reduce(0, +)
            return .init(
                tables: names, chosen: shown, chart: report.tally.chart(title: "Images by label"),
                remark: left == 0 ? "" : "\(left) values are no state and count nowhere.")
        } catch let error as any Failure {
            return .init(tables: names, chosen: shown, remark: error.description)
        }
    }

    // MARK: What pages load

    @Sendable private func asset(_ call: Call) async throws -> Reply {
        guard let asset = Pages.asset(named: call["name"]) else {
            throw ServerError(.noSuchRoute, "There is no such asset.")
        }
        let isKnown = call.headers[.ifNoneMatch] == asset.etag
        var reply = Reply(status: isKnown ? .notModified : .ok, isKnown ? [] : asset.bytes, type: asset.mediaType)
        reply.headers[.eTag] = asset.etag
        reply.headers[.cacheControl] = "no-cache"
        reply.headers[HTTPField.Name("X-Content-Type-Options")!] = "nosniff"
        return reply
    }

    @Sendable private func render(_ call: Call) async throws -> Reply {
        let reader = context.settings.models.model.images
        let picture = try await blocking { PNG.encode(try reader.image(call.body)) }
        return Reply(picture, type: "image/png")
    }
}

extension Route {
    /// A page, or a page that says why there is none.
    static func page(
        _ template: String, _ summary: String, query: [String] = [], role: Role = .read,
        _ text: @escaping @Sendable (Call) async throws -> String
    ) -> Route {
        let description = Description(query: query.map { ($0, "What the page shows.") }, mediaType: "text/html")
        return Route(.get, template, .page, role, summary, description) { call in
            do {
                return .page(try await text(call))
            } catch {
                let status = Status(error)
                return .page(
                    call.pages.problem(status: status.http, status.message), status: .init(code: status.http))
            }
        }
    }
}

extension Call {
    /// Pages as this caller may see them.
    var pages: Pages {
        Pages(mayChange: role >= .write, mayPredict: role >= .predict, isSignedIn: isSignedIn)
    }
}

extension Reply {
    /// HTML of ``WebPages``, with what keeps everything foreign out.
    static func page(_ text: String, status: HTTPResponse.Status = .ok) -> Reply {
        var reply = Reply(status: status, Array(text.utf8), type: "text/html; charset=utf-8")
        reply.headers[HTTPField.Name("Content-Security-Policy")!] = Pages.contentSecurityPolicy
        reply.headers[HTTPField.Name("X-Content-Type-Options")!] = "nosniff"
        reply.headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        reply.headers[.cacheControl] = "no-store"
        return reply
    }
}
