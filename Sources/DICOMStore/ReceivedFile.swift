import DICOM
import Foundation
public import LightboxCore
import Synchronization

/// A file that arrives piece by piece, written into the store's own folder and hashed on its way.
///
/// It counts as stored only when ``DICOMStore/add(_:)`` has said so; before that it leaves nothing behind. Belongs
/// to one thread at a time.
public final class ReceivedFile: @unchecked Sendable {
    // Unchecked: whoever receives hands it from thread to thread, and never uses it on two.
    private let folder: IncomingFolder
    private let descriptor: Int32
    private let path: String
    private var hasher = ContentHasher()
    /// Bytes so far.
    public private(set) var size = 0
    private var isOpen = true

    fileprivate init(in folder: IncomingFolder) throws {
        self.folder = folder
        path = folder.path + "/" + UUID().uuidString
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
    }

    deinit {
        if isOpen { close(descriptor) }
        unlink(path)
    }

    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        hasher.update(bytes)
        size += bytes.count
        try FileDescriptorIO.writeAll(bytes, to: descriptor)
    }

    /// The bytes so far, mapped.
    public func contents() throws -> Bytes { Bytes(try MappedFile(path: path)) }

    /// Ends the file and reads what it is.
    ///
    /// - Throws: ``DICOM/DICOMError`` or ``DICOMStoreError`` when it is no instance that can be stored.
    public func finish() throws -> ReceivedInstance {
        if isOpen { close(descriptor) }
        isOpen = false
        var file = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true))
        file.path = nil
        let record = try InstanceRecord(of: file)
        let accepted = IncomingFile.Accepted(
            record: record, levels: LevelAttributes(of: file.dataSet), hash: hasher.finalize(), size: size,
            temporary: path)
        return ReceivedInstance(accepted: accepted, file: self)
    }
}

/// An instance that has arrived whole and is understood, and is not in the store yet.
public struct ReceivedInstance: Sendable {
    let accepted: IncomingFile.Accepted
    /// Keeps the file until it is stored.
    let file: ReceivedFile

    public var record: InstanceRecord { accepted.record }
}

extension DICOMStore {
    /// Begins a file that is to arrive.
    public func receive() throws -> ReceivedFile { try ReceivedFile(in: receivingFolder()) }

    /// Makes received instances part of the store. Each is on the disk when this returns; see ``IngestOutcome``.
    ///
    /// What several threads bring at once is committed together, since a flush costs as much for many as for one.
    public func add(_ instances: [ReceivedInstance]) throws -> [IngestOutcome] {
        try commits.add(instances.map(\.accepted)) { try IngestBatch(store: self).commit($0) }
    }
}

/// Joins what several threads want to commit into one batch: the first to come works for those behind it.
final class CommitQueue: @unchecked Sendable {
    // Unchecked: every stored variable is touched only with `condition` locked.
    private let condition = NSCondition()
    private var waiting: [(ticket: Int, files: [IncomingFile.Accepted])] = []
    private var done: [Int: Result<[IngestOutcome], any Error>] = [:]
    private var isWorking = false
    private var tickets = 0

    func add(
        _ files: [IncomingFile.Accepted], commit: ([IncomingFile.Accepted]) throws -> [IngestOutcome]
    ) throws -> [IngestOutcome] {
        guard !files.isEmpty else { return [] }
        let ticket = enter(files)
        while let batch = next(unlessDone: ticket) {
            let result = Result { try commit(batch.flatMap(\.files)) }
            leave(batch, result)
        }
        return try condition.withLock { done.removeValue(forKey: ticket)! }.get()
    }

    private func enter(_ files: [IncomingFile.Accepted]) -> Int {
        condition.withLock {
            tickets += 1
            waiting.append((tickets, files))
            return tickets
        }
    }

    /// What this thread is to commit; nil when its own files are through.
    private func next(unlessDone ticket: Int) -> [(ticket: Int, files: [IncomingFile.Accepted])]? {
        condition.withLock {
            while isWorking && done[ticket] == nil { condition.wait() }
            if done[ticket] != nil { return nil }
            isWorking = true
            defer { waiting = [] }
            return waiting
        }
    }

    private func leave(
        _ batch: [(ticket: Int, files: [IncomingFile.Accepted])], _ result: Result<[IngestOutcome], any Error>
    ) {
        condition.withLock {
            isWorking = false
            var start = 0
            for (ticket, files) in batch {
                done[ticket] = result.map { Array($0[start..<start + files.count]) }
                start += files.count
            }
            condition.broadcast()
        }
    }
}
