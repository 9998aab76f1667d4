import DICOM
public import DICOMStore
import LightboxCore

/// A DICOM store as a web service (PS3.18 chapter 10): search, retrieve, store, delete.
public struct DICOMwebService: Sendable {
    public let store: DICOMStore
    public let settings: DICOMwebSettings
    let workers = Workers.shared

    public init(_ store: DICOMStore, settings: DICOMwebSettings = DICOMwebSettings()) {
        self.store = store
        self.settings = settings
    }

    /// Answers a request; whatever is wrong with it becomes an answer, too.
    ///
    /// The answer to HEAD has the body that GET would have, which is not to be sent.
    public func respond(to request: DICOMwebRequest) async -> DICOMwebResponse {
        do {
            let route = try Route(request.segments)
            if request.method == .post { return try await storeInstances(request, route) }
            return try await workers.run { try answer(request, route) }
        } catch {
            var response = DICOMwebError(reporting: error).response
            if !(error is DICOMwebError), response.status >= 500 { response.trouble = "\(error)" }
            return response
        }
    }

    private func answer(_ request: DICOMwebRequest, _ route: Route) throws -> DICOMwebResponse {
        if request.method == .delete { return try delete(route) }
        switch route {
        case .collection(let level, let target): return try search(request, level, within: target)
        case .resource(let target): return try instances(request, target)
        case .metadata(let target): return try metadata(request, target)
        case .frames(let target, let list): return try frames(request, target, list)
        case .rendered(let target, let frames, let isThumbnail):
            return try rendered(request, target, frames, isThumbnail: isThumbnail)
        case .bulkData(let target, let place): return try bulkData(request, target, place)
        }
    }

    private func delete(_ route: Route) throws -> DICOMwebResponse {
        guard case .resource(let target) = route else {
            throw DICOMwebError(.methodNotAllowed, "Only a study, a series or an instance can be deleted.")
        }
        guard try store.remove(target.filter) > 0 else { throw Self.notFound(target) }
        return settings.flavour == .google
            ? DICOMwebResponse(
                status: 200, headers: [("Content-Type", "application/json; charset=UTF-8")],
                body: .bytes(Bytes("{}".utf8)))
            : DICOMwebResponse(status: 204)
    }

    static func notFound(_ target: Target) -> DICOMwebError {
        DICOMwebError(.notFound, "The store has no such \(target.level).")
    }

    /// Which of the types on offer, the usual one first, the caller likes best.
    ///
    /// - Throws: ``DICOMwebError`` 406 when it likes none.
    static func choose(_ offers: [String], _ request: DICOMwebRequest) throws -> String {
        let ranges = try acceptRanges(request)
        for range in ranges {
            if range.name == "multipart/related" {
                if let type = range.partType,
                    let offer = offers.first(where: { $0 == "multipart/related; type=\"\(type)\"" })
                {
                    return offer
                }
                continue
            }
            if let offer = offers.first(where: { range.includes($0) }) { return offer }
        }
        throw notAcceptable(offers)
    }

    static func notAcceptable(_ offers: [String]) -> DICOMwebError {
        DICOMwebError(
            .notAcceptable, "Nothing that is accepted can be given. On offer: \(offers.joined(separator: ", ")).")
    }

    /// The caller's preferences: the query parameter of PS3.18 section 8.3.3.1 before the header; anything when
    /// neither is there.
    static func acceptRanges(_ request: DICOMwebRequest) throws -> [MediaType] {
        let text = request.query.last { $0.name == "accept" }?.value ?? request.headers["accept"] ?? "*/*"
        let ranges = try MediaType.ranges(text)
        return ranges.isEmpty && text.allSatisfy(\.isWhitespace) ? try MediaType.ranges("*/*") : ranges
    }
}
