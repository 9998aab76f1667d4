import DICOM
public import DICOMStore
import Foundation
import LightboxCore

/// Where instances go that arrive.
public enum InstanceTarget: Sendable {
    case store(DICOMStore)
    /// A folder that exists; files are named `SOP-INSTANCE-UID.dcm`, and one that is there already is kept.
    case folder(String)

    func begin() throws -> any InstanceWriting {
        switch self {
        case .store(let store): try StoreWriting(store: store)
        case .folder(let folder): try FolderWriting(folder: folder)
        }
    }
}

/// One instance on its way to a target; leaves nothing behind unless it was committed.
protocol InstanceWriting: AnyObject {
    var size: Int { get }
    func append(_ bytes: UnsafeRawBufferPointer) throws
    /// Returns when the instance is on the disk.
    ///
    /// - Parameters: the UIDs that the sender announced, which the data set has to have.
    func commit(_ sopClass: String, _ sopInstance: String) throws -> InstanceOutcome
}

enum InstanceOutcome: Sendable {
    case added
    /// It was there already.
    case known
    case conflict
    /// The data set's own UID, class or instance, is another one.
    case mismatch
    /// Where files are kept does not take it now.
    case unstored
}

private final class StoreWriting: InstanceWriting {
    private let store: DICOMStore
    private let file: ReceivedFile

    init(store: DICOMStore) throws {
        self.store = store
        file = try store.receive()
    }

    var size: Int { file.size }

    func append(_ bytes: UnsafeRawBufferPointer) throws { try file.append(bytes) }

    func commit(_ sopClass: String, _ sopInstance: String) throws -> InstanceOutcome {
        let instance = try file.finish()
        guard instance.record.instance.sopInstanceUID == sopInstance,
            instance.record.instance.sopClassUID == sopClass
        else { return .mismatch }
        switch try store.add([instance])[0] {
        case .added, .revised: return .added
        case .unchanged: return .known
        case .conflict: return .conflict
        case .unreadable: return .mismatch
        case .unstored: return .unstored
        }
    }
}

private final class FolderWriting: InstanceWriting {
    private let folder: String
    private let temporary: String
    private let descriptor: Int32
    private(set) var size = 0

    init(folder: String) throws {
        self.folder = folder
        temporary = "\(folder)/.\(UUID().uuidString).part"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: temporary, errno: errno) }
    }

    deinit {
        close(descriptor)
        unlink(temporary)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try FileDescriptorIO.writeAll(bytes, to: descriptor)
        size += bytes.count
    }

    func commit(_ sopClass: String, _ sopInstance: String) throws -> InstanceOutcome {
        let data = try DICOMFile(path: temporary, options: ReadOptions(stopsBeforePixelData: true)).dataSet
        // A UID that is none never names a file.
        guard isUsable(uid: sopInstance), data.string(.sopInstanceUID) == sopInstance,
            data.string(.sopClassUID) == sopClass
        else { return .mismatch }
        guard fsync(descriptor) == 0 else { throw FileFailure(path: temporary, errno: errno) }
        let path = "\(folder)/\(sopInstance).dcm"
        guard link(temporary, path) == 0 else {
            guard errno == EEXIST else { throw FileFailure(path: path, errno: errno) }
            let isSame = try DICOMFile(path: temporary).holdsSame(as: DICOMFile(path: path))
            return isSame ? .known : .conflict
        }
        try AtomicFile.syncFolder(folder)
        return .added
    }
}
