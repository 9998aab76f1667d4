import Catalog
import DICOMStore
import HTTPTypes
import LightboxCore
import WireFormats

/// `projects.locations.datasets.dicomStores` of Google's `healthcare` v1, but for the DICOMweb paths.
struct DICOMStoreRoutes: RouteGroup {
    private static let stores = DatasetRoutes.dataset + "/dicomStores"
    static let store = stores + "/{store}"

    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let policies = PolicyRoutes(Self.store, .healthcare) { [context] call in
            let name = try call.storeName()
            _ = try await context.archive { try $0.settings(of: name) }
        }
        return storeRoutes + workRoutes + metricsRoutes + policies.routes
    }

    private var storeRoutes: [Route] {
        [
            Route(
                .post, Self.stores, .healthcare, .write, "Make a DICOM store.",
                .init(query: [("dicomStoreId", "Its name.")], body: "DicomStore", answer: "DicomStore")
            ) { call in
                try call.query.allow("dicomStoreId")
                let settings = try ArchiveMessage.storeSettings(call)
                let name = try DICOMStoreName(
                    dataset: call["dataset"], store: call.query["dicomStoreId"] ?? "")
                _ = try await context.archive { try $0.createStore(name, settings) }
                return Reply(ArchiveMessage.message(name, settings, ArchivePlace(call)))
            },
            Route(
                .get, Self.stores, .healthcare, .read, "List a dataset's DICOM stores.",
                .init(
                    query: [("filter", "Conditions such as `labels.kind=test`.")] + DatasetRoutes.listQuery,
                    answer: "DicomStoreList")
            ) { call in
                let request = try PageRequest(archive: call, filtered: true)
                let stores = try await context.archive { try $0.stores(of: call["dataset"]) }
                let place = ArchivePlace(call)
                let page = try CatalogPage(
                    stores, list: "stores \(call["dataset"])", request, key: \.name.store,
                    labels: \.settings.labels)
                return Reply(
                    page.message("dicomStores") { ArchiveMessage.message($0.name, $0.settings, place) })
            },
            Route(.get, Self.store, .healthcare, .read, "Tell of a DICOM store.", .init(answer: "DicomStore")) {
                call in
                try call.query.allow()
                let name = try call.storeName()
                let settings = try await context.archive { try $0.settings(of: name) }
                return Reply(ArchiveMessage.message(name, settings, ArchivePlace(call)))
            },
            Route(
                .patch, Self.store, .healthcare, .write, "Change a DICOM store's labels and settings.",
                .init(query: DatasetRoutes.maskQuery, body: "DicomStore", answer: "DicomStore"), handler: patch),
            Route(
                .delete, Self.store, .healthcare, .write, "Remove a DICOM store with its instances.",
                .init(answer: "Empty")
            ) { call in
                try call.query.allow()
                let name = try call.storeName()
                try await context.archive { try $0.delete(name) }
                context.stores.forget(name)
                return .empty
            },
        ]
    }

    @Sendable private func patch(_ call: Call) async throws -> Reply {
        try call.query.allow("updateMask")
        let (name, new) = (try call.storeName(), try ArchiveMessage.storeSettings(call))
        let mask = try UpdateMask(call.query["updateMask"] ?? "")
        let settings = try await context.archive { catalog in
            try catalog.changeSettings(of: name) { settings in
                try mask.each { path in
                    if UpdateMask.applyLabels(path, to: &settings.labels, from: new.labels) { return true }
                    guard ArchiveMessage.documents.contains(path) else { return false }
                    settings.documents[path] = new.documents[path]
                    return true
                }
            }
        }
        return Reply(ArchiveMessage.message(name, settings, ArchivePlace(call)))
    }

    private var workRoutes: [Route] {
        let description = Route.Description(body: "Document", answer: "Operation")
        return [
            Route(
                .post, Self.store + ":import", .healthcare, .write, "Take in DICOM files of a bucket.", description
            ) { call in
                try await begin(call) { _ in try ArchiveWorkMessage.importing(call) }
            },
            Route(
                .post, Self.store + ":export", .healthcare, .write,
                "Write a store's instances into a bucket, or their attributes into a table.", description
            ) { call in
                try await begin(call) { name in
                    try ArchiveWorkMessage.exporting(call, source: ArchivePlace(call).name(of: name))
                }
            },
            Route(
                .post, Self.store + ":deidentify", .healthcare, .write,
                "Copy a store without what identifies patients.", description, handler: deidentify),
        ]
    }

    private func begin(
        _ call: Call, _ action: (DICOMStoreName) throws -> ArchiveWork.Action
    ) async throws -> Reply {
        try call.query.allow()
        let name = try call.storeName()
        let work = ArchiveWork(dataset: name.dataset, store: name.store, try action(name))
        return try await context.begin(work, call) { _ = try $0.settings(of: name) }
    }

    @Sendable private func deidentify(_ call: Call) async throws -> Reply {
        try call.query.allow()
        let source = try call.storeName()
        let settings = try ArchiveWorkMessage.deidentifying(call, isStore: true)
        let target = try DICOMStoreName(dataset: settings.dataset, store: settings.store ?? "")
        guard target != source else {
            throw ServerError(.invalidArgument, "destinationStore is the store itself. Name another one.")
        }
        let work = ArchiveWork(dataset: source.dataset, store: source.store, .deidentify(settings))
        return try await context.begin(work, call) { catalog in
            _ = try (catalog.settings(of: source), catalog.dataset(target.dataset))
            _ = try catalog.store(target, creating: true)
        }
    }

    private var metricsRoutes: [Route] {
        let study = Self.store + "/dicomWeb/studies/{study}"
        return [
            metrics(Self.store + ":getDICOMStoreMetrics", "How much a store holds.") { call, message in
                message.add("name", ArchivePlace(call).name(of: try call.storeName()))
            },
            metrics(study + ":getStudyMetrics", "How much a study holds.") { call, message in
                message.add("study", call["study"])
            },
            metrics(study + "/series/{series}:getSeriesMetrics", "How much a series holds.") { call, message in
                message.add("series", call["series"])
            },
        ]
    }

    private func metrics(
        _ template: String, _ summary: String, name: @escaping @Sendable (Call, inout Message) throws -> Void
    ) -> Route {
        Route(.get, template, .healthcare, .read, summary, .init(answer: "Document")) { [context] call in
            try call.query.allow()
            let place = try call.storeName()
            let filter = InstanceFilter(
                studyInstanceUID: call.parameter("study"), seriesInstanceUID: call.parameter("series"))
            let counts = try await context.archive { catalog in
                let store = try catalog.store(place)
                return try filter == .all ? store.counts() : store.counts(of: filter)
            }
            guard filter == .all || counts.instances > 0 else {
                throw ServerError(.noSuchRoute, "The store has no such study or series.")
            }
            var message = Message()
            try name(call, &message)
            return Reply(ArchiveMessage.metrics(counts, of: filter, message))
        }
    }
}
