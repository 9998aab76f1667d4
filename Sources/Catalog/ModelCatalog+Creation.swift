import Database
import Foundation
import LightboxCore

extension ModelCatalog {
    /// Makes the row of a version that is being created; ``deploy(_:from:limits:warm:)`` does the rest.
    ///
    /// - Returns: the operation, under a lease that has to be renewed by deploying soon.
    /// - Throws: ``CatalogError``: `notFound` without the model, `alreadyExists`, `invalidArgument` for an unusable
    ///   name or without a source.
    public func beginVersion(
        _ name: String, of model: String, _ settings: ModelVersion.Settings, creator: String = ""
    ) throws -> CatalogOperation {
        try CatalogName.check(name, .version)
        guard !settings.source.isEmpty else {
            throw CatalogError(.invalidArgument, "deploymentUri is missing. Name the folder that holds the model.")
        }
        _ = try home.localPath(of: settings.source)
        return try write { database in
            _ = try Self.model(model, database)
            let time = now()
            let count = try database.execute(
                """
                INSERT INTO registry_version (model, name, settings, state, created, creator, revision)
                VALUES (?, ?, ?, 'creating', ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    model, name, try Column.text(settings), time.timeIntervalSince1970, creator,
                    Revision.next(at: time),
                ])
            guard count == 1 else {
                throw CatalogError(.alreadyExists, "The model '\(model)' has a version '\(name)' already.")
            }
            return try insertOperation(.createVersion, model: model, version: name, outcome: nil, database)
        }
    }

    /// Copies the version's files into the home folder, hashes them, lets the caller load and try them, and ends
    /// the operation: the version is ready, or failed with the reason.
    ///
    /// The first version of a model that becomes ready becomes its default.
    ///
    /// - Parameters:
    ///   - source: a local path to copy from; nil for the one of the version's settings.
    ///   - warm: loads the model in the folder and predicts with it once; what it throws fails the version.
    /// - Returns: the operation as it ended; a version that failed throws nothing.
    /// - Throws: ``CatalogError`` `aborted` when another process has taken this one for dead.
    public func deploy(
        _ operation: CatalogOperation, from source: String? = nil, limits: VersionLimits = VersionLimits(),
        warm: (String) async throws -> Void
    ) async throws -> CatalogOperation {
        let heartbeat = keepLease(of: operation)
        defer { heartbeat.stop() }
        do {
            let (files, folder) = try copyFiles(for: operation, from: source, limits: limits)
            try await warm(folder)
            try publish(files, from: folder, operation)
            return try finishCreation(operation, files: files, problem: nil)
        } catch let error as CatalogError where error.code == .aborted {
            throw error
        } catch {
            return try finishCreation(operation, files: [], problem: Self.problem(error))
        }
    }

    /// The same for a caller that does not wait asynchronously.
    public func deployBlocking(
        _ operation: CatalogOperation, from source: String? = nil, limits: VersionLimits = VersionLimits(),
        warm: (String) throws -> Void
    ) throws -> CatalogOperation {
        let heartbeat = keepLease(of: operation)
        defer { heartbeat.stop() }
        do {
            let (files, folder) = try copyFiles(for: operation, from: source, limits: limits)
            try warm(folder)
            try publish(files, from: folder, operation)
            return try finishCreation(operation, files: files, problem: nil)
        } catch let error as CatalogError where error.code == .aborted {
            throw error
        } catch {
            return try finishCreation(operation, files: [], problem: Self.problem(error))
        }
    }

    private func copyFiles(
        for operation: CatalogOperation, from source: String?, limits: VersionLimits
    ) throws -> (files: [HashedFile], folder: String) {
        let (model, name) = (operation.model, operation.version ?? "")
        let address = try source ?? version(name, of: model).settings.source
        return try VersionFolder(path: home.model(model, version: name)).make(
            from: home.fetched(address), home: home, limits: limits
        ) { try self.operation(operation.id).isCancellationRequested }
    }

    /// Sends what was copied and tried to where all servers find it.
    private func publish(_ files: [HashedFile], from folder: String, _ operation: CatalogOperation) throws {
        let place = VersionFolder(path: try home.model(operation.model, version: operation.version ?? ""))
        try place.publish(files, from: folder) {
            let operation = try self.operation(operation.id)
            guard !operation.isDone else {
                throw CatalogError(.aborted, "The operation was ended by another process.")
            }
            return operation.isCancellationRequested
        }
    }

    /// - Throws: ``CatalogError`` `aborted` when the operation has ended already.
    @discardableResult
    func finishCreation(
        _ operation: CatalogOperation, files: [HashedFile], problem: CatalogOperation.Problem?
    ) throws -> CatalogOperation {
        let (model, name) = (operation.model, operation.version ?? "")
        if problem != nil { try? VersionFolder(path: home.model(model, version: name)).remove() }
        return try write { database in
            guard try !Self.operation(operation.id, database).isDone else {
                throw CatalogError(.aborted, "The operation was ended by another process.")
            }
            let version = try Self.version(name, of: model, database)
            if let problem {
                try update(version, "state = 'failed', error = ?", [problem.message], database)
                try endOperation(operation.id, .failed(problem), database)
            } else {
                try update(version, "state = 'ready', files = ?", [try Column.text(files)], database)
                let isFirst = try database.execute(
                    "UPDATE registry_model SET default_version = ? WHERE name = ? AND default_version IS NULL",
                    [name, model])
                if isFirst == 1 { try touchModel(model, database) }
                try endOperation(operation.id, .version(try Self.version(name, of: model, database)), database)
            }
            return try Self.operation(operation.id, database)
        }
    }

    private func keepLease(of operation: CatalogOperation) -> Heartbeat {
        let id = operation.id
        return Heartbeat(everySeconds: leaseSeconds / 3) { [self] in
            // A beat that fails is made good by the next.
            _ = try? write(.readCommitted) { database in
                try database.execute(
                    "UPDATE registry_operation SET lease_end = ? WHERE id = ? AND outcome IS NULL",
                    [leaseTime(database) + leaseSeconds, id])
            }
        }
    }

    private static func problem(_ error: any Error) -> CatalogOperation.Problem {
        if error is CancellationError { return .init(.cancelled, "The operation was cancelled.") }
        let text = (error as? any Failure)?.description ?? "\(error)"
        switch (error as? any Failure)?.kind {
        case .invalidInput, .notFound, .corrupt, .unsupported, .limitExceeded: return .init(.invalidArgument, text)
        case .conflict: return .init(.failedPrecondition, text)
        case .environment, nil: return .init(.internalError, text)
        }
    }
}
