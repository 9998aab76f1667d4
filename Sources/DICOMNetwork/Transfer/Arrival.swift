import DICOM
import DICOMStore
import Foundation
import LightboxCore
import NIOCore

/// One instance that a C-STORE request brings (PS3.4 annex B). Its bytes are kept as they come, behind a file meta
/// information of ours.
final class Arrival: @unchecked Sendable {
    // Unchecked: handed from the association's thread to the committing one, never used by both.
    enum Result: Sendable {
        case added, known
        case failed(DIMSEStatus, String)

        var status: DIMSEStatus {
            switch self {
            case .added, .known: .success
            case .failed(let status, _): status
            }
        }

        /// What the answer says besides; never more than 64 characters.
        var comment: String? {
            guard case .failed(_, let text) = self else { return nil }
            return text
        }
    }

    let command: CommandSet
    private let limit: Int
    private var writing: (any InstanceWriting)?
    private var failure: Result?

    /// - Parameter limit: bytes of the file.
    init(_ message: Message, to target: InstanceTarget, limit: Int) {
        command = message.command
        self.limit = limit
        guard let (sopClass, sopInstance) = uids else {
            failure = .failed(.invalidInstance, "The command's UIDs are not usable.")
            return
        }
        attempt {
            writing = try target.begin()
            try FileHead.bytes(sopClass, sopInstance, message.context.transferSyntax).withUnsafeBytes {
                try writing?.append($0)
            }
        }
    }

    private var uids: (sopClass: String, sopInstance: String)? {
        guard let sopClass = command.affectedSOPClass, let sopInstance = command.affectedSOPInstance,
            isUsable(uid: sopClass), isUsable(uid: sopInstance)
        else { return nil }
        return (sopClass, sopInstance)
    }

    /// A piece of the data set; after a failure it is passed over.
    func append(_ piece: ByteBuffer) {
        guard failure == nil, let writing else { return }
        attempt {
            guard writing.size + piece.readableBytes <= limit else {
                throw FileFailure(path: "instance", errno: EFBIG)
            }
            try piece.withUnsafeReadableBytes { try writing.append($0) }
        }
    }

    /// Returns when the instance is on the disk, or why it is not.
    func commit() -> Result {
        var result = Result.failed(.processingFailure, "")
        attempt {
            guard let writing, let (sopClass, sopInstance) = uids else { return }
            result =
                switch try writing.commit(sopClass, sopInstance) {
                case .added: .added
                case .known: .known
                case .conflict: .failed(.duplicateInstance, "Another instance has this UID and was kept.")
                case .unstored: .failed(.outOfResources, "It cannot be kept now. Send it again later.")
                case .mismatch: .failed(.dataSetMismatch, "SOP Class or Instance UID differs from the command's.")
                }
        }
        writing = nil
        return failure ?? result
    }

    /// An error's text may hold a path, which is nobody's business outside; the tag is enough.
    private func attempt(_ body: () throws -> Void) {
        guard failure == nil else { return }
        do {
            return try body()
        } catch let error as DICOMError {
            let place = error.tag.map { " at \($0)" } ?? ""
            failure = .failed(.cannotUnderstand, "The data set cannot be read\(place).")
        } catch let error as DICOMStoreError where error.kind == .invalidInput {
            failure = .failed(.cannotUnderstand, "A Study, Series or SOP Instance UID is unusable.")
        } catch let error as FileFailure where [ENOSPC, EDQUOT, EMFILE, ENFILE, EFBIG].contains(error.errno) {
            let isTooLarge = error.errno == EFBIG
            failure = .failed(.outOfResources, isTooLarge ? "The instance is too large." : "No room on the disk.")
        } catch {
            failure = .failed(.processingFailure, "It cannot be taken in now.")
        }
        writing = nil
    }
}
