import DICOMStore
import Deidentification
import Foundation
import LightboxCore
import Logging
import Pipelines
import Serving
import Synchronization
import WebPages

/// Studies that are being de-identified behind the pages, and how the last ones ended.
final class Deidentifications: Sendable {
    struct Request: Sendable {
        var study: String
        var source: DICOMStoreName
        var destination: DICOMStoreName
        var options: Set<ConfidentialityOption>
        /// Whether images that have text in their pixels are left out.
        var refusesBurnedInText: Bool
    }

    /// The newest last.
    private let works = Mutex<[Pages.Deidentification]>([])
    private static let mostKept = 100
    private static let mostRunning = 2

    /// Begins the work.
    ///
    /// - Returns: the page that tells how far it is.
    /// - Throws: ``ServerError`` when the store has no such study, or enough is under way.
    func begin(_ request: Request, _ context: ServerContext) async throws -> String {
        let paths = try await blocking {
            var paths: [String] = []
            try context.stores.store(request.source).forEachInstance(
                matching: InstanceFilter(studyInstanceUID: request.study)
            ) { paths.append($0.path) }
            return paths
        }
        guard !paths.isEmpty else { throw ServerError(.noSuchRoute, "The store has no such study.") }
        var work = Pages.Deidentification(
            id: UUID().uuidString.lowercased(), place: StorePlace(request.source), study: request.study,
            destination: StorePlace(request.destination))
        work.total = paths.count
        try works.withLock { [work] works in
            guard works.filter({ $0.state == .running }).count < Self.mostRunning else {
                throw ServerError(
                    .overloaded, "\(Self.mostRunning) studies are under way. Ask again when one is done.")
            }
            if works.count >= Self.mostKept, let done = works.firstIndex(where: { $0.state != .running }) {
                works.remove(at: done)
            }
            works.append(work)
        }
        let id = work.id
        context.inBackground { [self] in
            do {
                let result = try await onOwnThread { [self] in try run(request, paths, id, context) }
                change(id) { work in
                    work.state = .done
                    (work.written, work.unchanged) = (result.report.written, result.report.unchanged)
                    work.problems = result.report.problems.map { "\($0.source): \($0.reason)" }
                    work.warnings = Finding.Code.allCases.compactMap { code in
                        guard let count = result.findings[code], Finding(code).isWarning else { return nil }
                        return "\(count) of the images: \(Finding(code))"
                    }
                }
            } catch {
                context.log.add(.error, "a study is not de-identified: \(error)", [])
                let words = (error as? any Failure)?.description ?? "The server's log says why."
                change(id) { ($0.state, $0.failure) = (.failed, words) }
            }
        }
        return "/deidentifications/\(id)"
    }

    private func run(
        _ request: Request, _ paths: [String], _ id: String, _ context: ServerContext
    ) throws -> DeidentifyStage.Result {
        var deidentifier = try Deidentifier(
            profile: .basic, options: request.options, rules: RuleSet(),
            key: DeidentificationKey(file: context.home.path + "/deidentification.key"))
        deidentifier.refusesBurnedInText = request.refusesBurnedInText
        _ = try context.stores.catalog().store(request.destination, creating: true)
        let stage = StageContext(
            home: context.home,
            progress: { [self] update in change(id) { $0.completed = update.completed } },
            isCancelled: { context.isStopping })
        return try DeidentifyStage(deidentifier).run(
            paths, to: .store(context.stores.store(request.destination)), stage)
    }

    private func change(_ id: String, _ body: (inout Pages.Deidentification) -> Void) {
        works.withLock { works in
            guard let index = works.firstIndex(where: { $0.id == id }) else { return }
            body(&works[index])
        }
    }

    func state(of id: String) throws -> Pages.Deidentification {
        guard let work = works.withLock({ $0.first { $0.id == id } }) else {
            throw ServerError(
                .noSuchRoute, "No such de-identification is known. The server forgets them when it ends.")
        }
        return work
    }
}
