import LightboxCore

extension DICOMStore {
    /// One list says which files are there and how large they are; bytes are asked for only where that is wanted.
    func verify(
        _ shared: any SharedFolder, _ removesUnknown: Bool, _ reads: Bool, _ progress: ProgressHandler?
    ) throws -> VerifyReport {
        var listed: [String: Int] = [:]
        try shared.forEachFile(below: root + "/instances") { listed[$0] = $1 }
        let sizes = listed
        let check = ObjectCheck(shared: shared, sizes: sizes, reads: reads)
        var report = VerifyReport()
        var known: Set<String> = []
        let total = try counts().instances
        var cursor = InstanceCursor(self)
        try mapInOrder(threads: 16, window: 256) {
            try cursor.next()
        } transform: { (instance: StoredInstance) in
            (instance, try check.state(of: instance.path, instance.contentHash, instance.size))
        } consume: { instance, state in
            known.insert(instance.path)
            let uid = instance.record.instance.sopInstanceUID
            // What is not as it was counts only when the index still holds it.
            switch state {
            case .intact: report.intact += 1
            case .missing: if try hash(of: uid) == instance.contentHash { report.missing.append(instance.path) }
            case .changed: if try hash(of: uid) == instance.contentHash { report.changed.append(instance.path) }
            }
            if known.count.isMultiple(of: 100) {
                progress?(ProgressUpdate(stage: "verify", completed: known.count, total: total))
            }
            return true
        }
        for revision in try revisions() where known.insert(revision.path).inserted {
            let state = try check.state(of: revision.path, revision.contentHash, revision.size)
            guard state != .intact,
                try revisions(of: revision.sopInstanceUID).contains(where: { $0.path == revision.path })
            else { continue }
            if state == .missing {
                report.missing.append(revision.path)
            } else {
                report.changed.append(revision.path)
            }
        }
        report.orphaned = try unknown(among: sizes.keys.filter { !known.contains($0) }.sorted(), removesUnknown)
        return report
    }

    /// Those of some objects that no row names. Nobody adds any meanwhile: what was being taken in has its row by then.
    private func unknown(among paths: [String], _ removes: Bool) throws -> [String] {
        guard !paths.isEmpty else { return [] }
        return try catalog.turns.whileRemoving(from: name) {
            let named = try namedPaths()
            let unknown = try paths.filter { path in
                try !named.contains(path) && RemoteFiles.remoteStatus(of: path) != nil
            }
            if removes { try Self.removeObjects(unknown) }
            return unknown
        }
    }
}

/// Compares one object with what the index says of it.
private struct ObjectCheck: Sendable {
    enum State { case intact, missing, changed }

    let shared: any SharedFolder
    /// As they were listed.
    let sizes: [String: Int]
    let reads: Bool

    func state(of path: String, _ hash: ContentHash, _ size: Int) throws -> State {
        // It may have come behind the list.
        guard let found = try sizes[path] ?? shared.status(of: path)?.size else { return .missing }
        guard found == size else { return .changed }
        guard reads else { return .intact }
        var hasher = ContentHasher()
        do {
            try shared.read(path) { hasher.update($0) }
        } catch let error as any Failure where error.kind == .notFound {
            return .missing
        } catch let error as any Failure where error.kind == .corrupt {
            return .changed
        }
        return hasher.finalize() == hash ? .intact : .changed
    }
}
