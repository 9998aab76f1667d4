public import DICOM
import Foundation
import LightboxCore

/// An instance on its way in over a network: its file's bytes as they come, hashed and written aside.
///
/// Belongs to one thread at a time. Unless it is committed, nothing is left of it when it goes.
public final class IncomingInstance: @unchecked Sendable {
    // Unchecked: used by one thread after another, never by two at once.
    private let descriptor: Int32
    private let temporary: String
    private var hasher = ContentHasher()
    public private(set) var size = 0

    init(in folder: String) throws {
        temporary = folder + "/" + UUID().uuidString
        descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: temporary, errno: errno) }
    }

    deinit {
        close(descriptor)
        unlink(temporary)  // its name is another one when it was committed
    }

    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        hasher.update(bytes)
        size += bytes.count
        do {
            try FileDescriptorIO.writeAll(bytes, to: descriptor)
        } catch let failure as FileFailure {
            throw FileFailure(path: temporary, errno: failure.errno)
        }
    }

    /// Reads what has arrived, up to the pixels.
    ///
    /// - Throws: ``DICOM/DICOMError`` when it is no DICOM file, ``DICOMStoreError`` when its UIDs are unusable.
    public func read(named source: String) throws -> DICOMFile {
        do {
            var file = try DICOMFile(path: temporary, options: ReadOptions(stopsBeforePixelData: true))
            file.path = source
            return file
        } catch var error as DICOMError {
            error.file = source
            throw error
        }
    }

    /// Puts the bytes on the disk.
    func finish(_ record: InstanceRecord) throws -> IncomingFile.Accepted {
        guard fsync(descriptor) == 0 else { throw FileFailure(path: temporary, errno: errno) }
        return IncomingFile.Accepted(record: record, hash: hash, size: size, temporary: temporary)
    }

    /// Of all bytes so far; nothing is appended after it was asked for.
    private(set) lazy var hash = hasher.finalize()

    /// Whether the data set is that of a stored file, though the files differ: each sender's software writes a file
    /// meta information of its own.
    func hasDataSet(of stored: String) throws -> Bool {
        let (new, old) = (try DICOMFile(path: temporary), try DICOMFile(path: stored))
        let isSameCode = new.transferSyntax == old.transferSyntax
        let areNative = !new.transferSyntax.isEncapsulated && !old.transferSyntax.isEncapsulated
        guard isSameCode || (areNative && new.transferSyntax.isBigEndian == old.transferSyntax.isBigEndian) else {
            return false
        }
        return new.dataSet.hasValues(of: old.dataSet)
    }
}

extension DataSet {
    /// Whether all attributes have the same values; their encoding, VR and group lengths do not count.
    fileprivate func hasValues(of other: DataSet) -> Bool {
        let (mine, its) = (elements.lazy.filter(\.counts), other.elements.lazy.filter(\.counts))
        return mine.elementsEqual(its) { $0.tag == $1.tag && $0.value.equals($1.value) }
    }
}

extension Element {
    /// Group lengths are retired and come and go with the encoding.
    fileprivate var counts: Bool { tag.element != 0 }
}

extension Element.Value {
    fileprivate func equals(_ other: Element.Value) -> Bool {
        switch (self, other) {
        case (.bytes(let mine), .bytes(let its)): mine == its
        case (.sequence(let mine), .sequence(let its)): mine.elementsEqual(its) { $0.hasValues(of: $1) }
        case (.fragments(_, let mine), .fragments(_, let its)): mine == its
        default: false
        }
    }
}
