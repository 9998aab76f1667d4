import Database
import Foundation
import LightboxCore

/// An upload that goes on after a broken connection, or the end of the server: its bytes are a hidden file of the
/// bucket, and how many of them are on the disk stands in a row.
///
/// One request at a time adds to it: whoever comes last, since the one before has been given up by the caller.
package final class ResumableUpload: @unchecked Sendable {
    // Unchecked: what changes is touched with `lock` held.
    package let id: String
    private let bucket: BucketFolder
    private let lock = NSLock()
    private var plan: UploadPlan
    private var kept: Int
    private var file: IncomingObject?
    private var ended: StoredObject?
    private var turn = 0

    /// Bytes that arrive between two moments at which all of them are brought to the disk.
    private static let interval = 16 << 20
    /// Parts of an upload that are not its last are multiples of this.
    package static let step = 256 << 10

    init(id: String, bucket: BucketFolder, plan: UploadPlan, kept: Int) {
        (self.id, self.bucket, self.plan, self.kept) = (id, bucket, plan, kept)
    }

    var hasEnded: Bool { lock.withLock { ended != nil } }
    var fileName: String { id + ".upload" }

    /// How far it is; an object when nothing is missing. A request that adds to it loses its turn.
    ///
    /// - Parameter size: of the whole object, where the request says so.
    package func state(size: Int? = nil, expecting expected: ExpectedHashes = .init()) throws -> UploadState {
        try lock.withLock {
            turn += 1
            if let ended { return .ended(ended) }
            try settle(size)
            if let file { try keep(file) }
            guard plan.size == kept else { return .open(kept) }
            return .ended(try commit(opened(), expected))
        }
    }

    /// Ends the turn of a request that adds to it.
    func interrupt() { lock.withLock { turn += 1 } }

    /// Takes a turn: bytes are added from `offset` on.
    ///
    /// - Parameter size: of the whole object, where the request says so.
    /// - Returns: what is given to ``append(_:in:)``, and how many of the first bytes are there already; nil when bytes
    ///   before `offset` are missing.
    /// - Throws: ``BucketError`` where the size is another than was said before.
    package func begin(at offset: Int, size: Int?) throws -> (turn: Int, known: Int)? {
        try lock.withLock {
            try settle(size)
            let file = try opened()
            guard offset <= file.size else { return nil }
            turn += 1
            return (turn, file.size - offset)
        }
    }

    private func settle(_ size: Int?) throws {
        guard let size else { return }
        guard plan.size ?? size == size else {
            throw BucketError(
                .invalidArgument,
                "The upload was to have \(plan.size ?? 0) bytes, and now \(size). Begin it again.")
        }
        plan.size = size
    }

    private func opened() throws -> IncomingObject {
        if let file { return file }
        do {
            let opened = try IncomingObject(in: bucket, named: fileName, goingOnAt: kept)
            file = opened
            return opened
        } catch let error as FileFailure where error.errno == ENOENT {
            throw BucketError(.noSuchUpload, "What was sent of the upload is gone. Begin it again.")
        }
    }

    /// - Throws: ``BucketError`` `superseded` when another request has come, `tooLarge`, or `invalidArgument` for more
    ///   bytes than the object was to have.
    package func append(_ bytes: UnsafeRawBufferPointer, in turn: Int) throws {
        try lock.withLock {
            guard turn == self.turn, ended == nil else {
                throw BucketError(.superseded, "Another request goes on with this upload.")
            }
            let file = try opened()
            guard file.size + bytes.count <= plan.size ?? .max else {
                throw BucketError(
                    .invalidArgument, "More bytes came than the upload was to have. Nothing is stored.")
            }
            try file.append(bytes)
            if file.size - kept >= Self.interval { try keep(file) }
        }
    }

    private func keep(_ file: IncomingObject) throws {
        guard file.size > kept else { return }
        try file.sync()
        try bucket.index.tables.write(.readCommitted) {
            try $0.execute("UPDATE upload SET kept = ? WHERE id = ?", [file.size, id])
        }
        kept = file.size
    }

    /// Ends a request: all that came is on the disk, and is an object when nothing is missing.
    ///
    /// - Parameters:
    ///   - isLast: whether the request had the last bytes, where no size was said.
    ///   - expected: what the request says of the whole object.
    package func end(in turn: Int, isLast: Bool, expecting expected: ExpectedHashes) throws -> UploadState {
        try lock.withLock {
            if let ended { return .ended(ended) }
            guard turn == self.turn else {
                throw BucketError(.superseded, "Another request goes on with this upload.")
            }
            let file = try opened()
            try keep(file)
            if isLast { try settle(file.size) }
            guard plan.size == file.size else { return .open(kept) }
            return .ended(try commit(file, expected))
        }
    }

    private func commit(_ file: IncomingObject, _ expected: ExpectedHashes) throws -> StoredObject {
        var all = plan.expected
        all.crc32c = expected.crc32c ?? all.crc32c
        all.md5 = expected.md5 ?? all.md5
        do {
            let object = try bucket.commit(
                file, as: ObjectKey(plan.key), plan.properties, if: plan.conditions, expecting: all, ending: id)
            ended = object
            self.file = nil
            return object
        } catch {
            // The hashes are used up; what is on the disk is read again when there is another try.
            self.file = nil
            throw error
        }
    }
}
