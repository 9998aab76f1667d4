import Foundation
public import LightboxCore

/// How a data set is read, whatever its layout.
public struct ReadOptions: Sendable {
    /// Looks for every image file, and leaves out those that are not there.
    public var checksFiles = true
    /// Where `gs://` and `s3://` addresses live; without it only paths are taken.
    public var home: Home?
    /// Threads that read records.
    public var threads: Int

    /// - Parameter threads: as many as there are processors unless told.
    public init(home: Home? = nil, threads: Int? = nil) {
        self.home = home
        self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    }

    func localPath(_ address: String) throws -> String {
        guard address.contains("://") else { return address }
        guard let home else {
            throw DatasetError(.missingFile, address, remedy: "Addresses need a home folder: give a path.")
        }
        return try home.localPath(of: address)
    }
}

/// Looks for many files at once: on network disks each look takes its time.
enum FileCheck {
    /// For each number whether there is a file at `path` of it.
    static func exist(_ count: Int, path: @Sendable (Int) -> String) -> [Bool] {
        let piece = 4096
        return [Bool](unsafeUninitializedCapacity: count) { output, filled in
            // Each piece is written by one thread.
            nonisolated(unsafe) let output = output.baseAddress!
            DispatchQueue.concurrentPerform(iterations: (count + piece - 1) / piece) { number in
                for index in (number * piece)..<min(count, (number + 1) * piece) {
                    // Of objects elsewhere a missing one shows itself when it is read.
                    let path = path(index)
                    (output + index).initialize(to: access(path, R_OK) == 0 || RemoteFiles.isRemote(path))
                }
            }
            filled = count
        }
    }
}

extension LabelledDataset {
    /// Leaves out the samples whose image file is not there.
    func leavingOutMissingFiles() throws -> LabelledDataset {
        try keeping(
            FileCheck.exist(count) { index in
                guard case .file(let path) = table.source(row(index)) else { return "" }
                return path
            })
    }

    /// The samples whose files are there; the others are reported as missing.
    func keeping(_ isThere: [Bool]) throws -> LabelledDataset {
        guard isThere.contains(false) else { return self }
        var kept = selecting(isThere.indices.filter { isThere[$0] })
        for (index, isThere) in isThere.enumerated() where !isThere {
            kept.report.missing += 1
            kept.report.note(self[index].source.name, "The image file is not there.")
        }
        guard !kept.isEmpty else {
            throw DatasetError(
                .missingFile, kept.report.problems.last?.source ?? "",
                remedy: "None of the \(count) image files that the tables name is there, this one included: look "
                    + "at the folder.")
        }
        return kept
    }
}
