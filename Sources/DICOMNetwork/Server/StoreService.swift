import DICOM
import DICOMStore
import Dispatch
import Foundation
import LightboxCore
import NIOCore
import Synchronization

/// Takes in what one association sends (C-STORE, PS3.4 annex B).
///
/// An instance's bytes are kept as they come, behind a file meta information of ours. It is acknowledged only when
/// the store says that file and index row are on the disk. Where several messages may be under way, the next is read
/// while the one before waits for the disk.
final class StoreService: Sendable {
    private let association: Association
    private let context: ServerContext
    private let counts = Mutex(DICOMServer.Tally())
    private let pending = DispatchGroup()
    private let room: DispatchSemaphore
    private let isPipelined: Bool
    /// Threads for instances that wait for the disk while others arrive.
    private static let committing = DispatchQueue(label: "dicom-commit", attributes: .concurrent)

    init(_ association: Association, _ context: ServerContext) {
        self.association = association
        self.context = context
        let limit = context.configuration.limits.window
        let window = association.window == 0 ? limit : min(association.window, limit)
        isPipelined = window > 1
        room = DispatchSemaphore(value: max(window, 1))
    }

    var tally: DICOMServer.Tally { counts.withLock { $0 } }

    /// Returns when no instance waits for the disk any more.
    func waitForAll() { if isPipelined { pending.wait() } }

    func receive(_ message: Message) throws(DICOMNetworkError) {
        let arrival = Arrival(message, context)
        try association.readDataSet(of: message) { arrival.append($0) }
        guard isPipelined else { return try association.send(settle(arrival), on: message.context) }
        room.wait()
        pending.enter()
        Self.committing.async { [self] in
            // When the connection broke, its own thread tells of it.
            try? association.send(settle(arrival), on: message.context)
            room.signal()
            pending.leave()
        }
    }

    private func settle(_ arrival: Arrival) -> CommandSet {
        let (status, comment) = arrival.commit()
        counts.withLock { counts in
            switch status {
            case .added: counts.added += 1
            case .known: counts.unchanged += 1
            case .failed: counts.refused += 1
            }
        }
        return arrival.command.answer(status.status, comment: comment)
    }
}

/// One instance on its way in.
private final class Arrival: @unchecked Sendable {
    // Unchecked: handed from the association's thread to the committing one, never used by both.
    enum Status {
        case added, known
        case failed(DIMSEStatus)

        var status: DIMSEStatus {
            switch self {
            case .added, .known: .success
            case .failed(let status): status
            }
        }
    }

    let command: CommandSet
    private let context: ServerContext
    private var instance: IncomingInstance?
    private var failure: (Status, String)?

    init(_ message: Message, _ context: ServerContext) {
        command = message.command
        self.context = context
        do {
            guard let sopClass = command.affectedSOPClass, let sopInstance = command.affectedSOPInstance,
                isUsable(uid: sopClass), isUsable(uid: sopInstance)
            else {
                failure = (.failed(.invalidInstance), "The command's UIDs are not usable.")
                return
            }
            instance = try context.receiver.begin()
            try FileHead.bytes(sopClass, sopInstance, message.context.transferSyntax).withUnsafeBytes {
                try instance?.append($0)
            }
        } catch {
            fail(error)
        }
    }

    func append(_ piece: ByteBuffer) {
        guard failure == nil, let instance else { return }
        guard instance.size + piece.readableBytes <= context.configuration.limits.instanceBytes else {
            failure = (.failed(.outOfResources), "The instance is larger than this server takes.")
            self.instance = nil
            return
        }
        do {
            try piece.withUnsafeReadableBytes { try instance.append($0) }
        } catch {
            fail(error)
        }
    }

    func commit() -> (Status, comment: String?) {
        defer { instance = nil }
        if let failure { return failure }
        guard let instance else { return (.failed(.processingFailure), nil) }
        do {
            let file = try instance.read(named: "instance")
            let record = try InstanceRecord(of: file)
            guard record.instance.sopInstanceUID == command.affectedSOPInstance else {
                return (.failed(.dataSetMismatch), "SOP Instance UID differs from the command's.")
            }
            guard record.instance.sopClassUID == command.affectedSOPClass else {
                return (.failed(.dataSetMismatch), "SOP Class UID differs from the command's.")
            }
            switch try context.receiver.commit(instance, record) {
            case .added: return (.added, nil)
            case .unchanged: return (.known, nil)
            case .conflict: return (.failed(.duplicateInstance), "Another instance has this UID and was kept.")
            case .unreadable: return (.failed(.cannotUnderstand), nil)
            }
        } catch {
            fail(error)
            return failure ?? (.failed(.processingFailure), nil)
        }
    }

    /// An error's text may hold a path, which is nobody's business outside; the tag is enough.
    private func fail(_ error: any Error) {
        instance = nil
        switch error {
        case let error as DICOMError:
            let place = error.tag.map { " at \($0)" } ?? ""
            failure = (.failed(.cannotUnderstand), "The data set cannot be read\(place).")
        case let error as DICOMStoreError where error.kind == .invalidInput:
            failure = (.failed(.cannotUnderstand), "A Study, Series or SOP Instance UID is unusable.")
        case let error as FileFailure where [ENOSPC, EDQUOT, EMFILE, ENFILE].contains(error.errno):
            failure = (.failed(.outOfResources), "No room on the disk.")
        default: failure = (.failed(.processingFailure), "The store cannot take it in now.")
        }
    }
}

/// What stands before a data set in a file: preamble and file meta information (PS3.10 section 7.1).
enum FileHead {
    static func bytes(_ sopClass: String, _ sopInstance: String, _ syntax: String) throws -> [UInt8] {
        let identity = DataSet([.text(.sopClassUID, sopClass), .text(.sopInstanceUID, sopInstance)])
        let known = TransferSyntax(uid: syntax) ?? TransferSyntax(unknown: syntax)
        let file = try DICOMFile(dataSet: identity, transferSyntax: known).serialized(as: known)
        return try file.dropLast(identity.serialized(as: known).count)
    }
}

extension Array where Element == UInt8 {
    fileprivate func dropLast(_ count: Int) -> [UInt8] { Array(self[..<(self.count - count)]) }
}
