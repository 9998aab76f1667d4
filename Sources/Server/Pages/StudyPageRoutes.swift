import Catalog
import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Serving
import WebPages

/// Pages of DICOM stores: their studies, the viewer, and what stands in a file.
struct StudyPageRoutes: RouteGroup {
    private let context: ServerContext
    /// Studies on one page.
    private static let pageSize = 50
    /// Instances of a series that the viewer takes; more are left to programs.
    private static let mostImages = 20_000

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let store = "/stores/{dataset}/{store}"
        let study = store + "/studies/{study}"
        let instance = study + "/series/{series}/instances/{instance}"
        return [
            .page("/stores", "The DICOM stores.", stores),
            .page(
                store, "The studies of a store.",
                query: ["name", "patient", "from", "to", "modality", "accession", "sort", "offset"], studies),
            .page(
                study, "A study and its images.",
                query: ["series", "instance", "frame", "window", "zoom", "x", "y", "invert"], self.study),
            .page(instance, "An instance and its attributes.", self.instance),
            .page(instance + "/attributes", "The table of an instance's attributes.", attributes),
        ]
    }

    private func store(_ call: Call) throws -> DICOMStore {
        try context.stores.store(DICOMStoreName(dataset: call["dataset"], store: call["store"]))
    }

    // MARK: Lists

    @Sendable private func stores(_ call: Call) async throws -> String {
        let stores = try await blocking { [context] in
            try context.stores.catalog().stores().map { name in
                let counts = try context.stores.store(name).counts()
                return StoreSummary(
                    StorePlace(name), studies: counts.studies, series: counts.series, instances: counts.instances,
                    bytes: counts.bytes)
            }
        }
        return call.pages.stores(stores)
    }

    @Sendable private func studies(_ call: Call) async throws -> String {
        let search = StudySearch(call.query)
        let offset = min(1_000_000, max(0, try call.query.integer("offset") ?? 0))
        return try await blocking {
            let store = try store(call)
            var query = try search.attributeQuery()
            (query.limit, query.offset) = (Self.pageSize + 1, offset)
            let found = try store.search(query).map { StudySummary($0) }
            return call.pages.studies(
                .init(
                    place: StorePlace(store.name), search: search, studies: Array(found.prefix(Self.pageSize)),
                    offset: offset, size: Self.pageSize, hasMore: found.count > Self.pageSize))
        }
    }

    // MARK: A study

    @Sendable private func study(_ call: Call) async throws -> String {
        let choices = call.role >= .predict ? try await context.predictChoices() : []
        return try await blocking {
            let store = try store(call)
            let uid = call["study"]
            var query = StudySummary.query
            query.terms = [.init(.studyInstanceUID, uid)]
            guard let study = try store.search(query).first else { throw Self.missing("study") }
            var below = SeriesSummary.query
            below.terms = query.terms
            let series = try store.search(below).map { SeriesSummary($0) }.sorted {
                ($0.number ?? .max, $0.uid) < ($1.number ?? .max, $1.uid)
            }
            return call.pages.study(
                .init(
                    place: StorePlace(store.name), study: StudySummary(study), series: series,
                    shown: try Self.shown(series, of: uid, in: store, call.query), choices: choices))
        }
    }

    /// The series, the image and the frame that the address names, or else the first ones.
    private static func shown(
        _ series: [SeriesSummary], of study: String, in store: DICOMStore, _ query: Query
    ) throws -> Pages.SeriesView? {
        let asked = series.first { $0.uid == query["series"] }
        guard let chosen = asked ?? series.first(where: \.mayHavePicture) ?? series.first else { return nil }
        let instances = try store.instances(
            matching: .init(studyInstanceUID: study, seriesInstanceUID: chosen.uid), limit: mostImages
        ).map(\.record.instance).sorted {
            ($0.instanceNumber ?? .max, $0.sopInstanceUID) < ($1.instanceNumber ?? .max, $1.sopInstanceUID)
        }
        let images = instances.filter { $0.rows != nil }
        let index = images.firstIndex { $0.sopInstanceUID == query["instance"] } ?? 0
        let frames = images.indices.contains(index) ? max(1, images[index].numberOfFrames ?? 1) : 1
        let frame = query["frame"].flatMap { Int($0) } ?? 1
        return Pages.SeriesView(
            uid: chosen.uid,
            images: images.map { .init(uid: $0.sopInstanceUID, frames: max(1, $0.numberOfFrames ?? 1)) },
            others: instances.filter { $0.rows == nil }.map(\.sopInstanceUID), index: index,
            frame: (1...frames).contains(frame) ? frame : 1, window: window(query["window"]))
    }

    /// nil for what is no window.
    private static func window(_ text: String?) -> String? {
        let numbers = text?.split(separator: ",").compactMap { Double($0) } ?? []
        guard numbers.count == 2, Window.isValid(center: numbers[0], width: numbers[1]) else { return nil }
        return "\(numbers[0]),\(numbers[1])"
    }

    // MARK: An instance

    @Sendable private func instance(_ call: Call) async throws -> String {
        try await blocking {
            let (instance, file) = try file(call)
            let record = instance.record
            let key = InstancePlace(
                store: StorePlace(dataset: call["dataset"], store: call["store"]),
                study: record.study.studyInstanceUID, series: record.series.seriesInstanceUID,
                instance: record.instance.sopInstanceUID)
            let kind = record.instance.sopClassUID.flatMap(UIDNames.name) ?? "Instance"
            return call.pages.instance(
                .init(
                    key: key, kind: kind, hasPicture: record.instance.rows != nil,
                    rows: AttributeRow.rows(of: file)))
        }
    }

    @Sendable private func attributes(_ call: Call) async throws -> String {
        try await blocking { call.pages.attributes(AttributeRow.rows(of: try file(call).file)) }
    }

    private func file(_ call: Call) throws -> (instance: StoredInstance, file: DICOMFile) {
        let filter = InstanceFilter(
            studyInstanceUID: call["study"], seriesInstanceUID: call["series"], sopInstanceUID: call["instance"])
        guard let instance = try store(call).instances(matching: filter, limit: 1).first else {
            throw Self.missing("instance")
        }
        return (instance, try instance.file())
    }

    private static func missing(_ what: String) -> ServerError {
        ServerError(.noSuchRoute, "The store has no such \(what). It may have been deleted.")
    }
}
