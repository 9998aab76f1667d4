import LightboxCore

/// Reads HDF5 files as Keras writes them (HDF5 File Format Specification 3.0).
///
/// Written here, and not left to the HDF5 library, because that library ends the process with a memory fault
/// on some broken files and may be used by one thread at a time only. Nothing outside the file is opened.
struct HDF5File: Sendable {
    let bytes: HDF5Bytes
    let limits: HDF5Limits
    private let rootAddress: Int

    init(_ bytes: Bytes, limits: HDF5Limits = HDF5Limits()) throws {
        self.bytes = HDF5Bytes(bytes: bytes)
        self.limits = limits
        rootAddress = try HDF5File.readSuperblock(self.bytes)
    }

    func root() throws -> HDF5Group {
        HDF5Group(header: try HDF5Header(in: bytes, at: rootAddress), path: "", bytes: bytes, limits: limits)
    }

    /// Section II: the address of the root group's header.
    private static func readSuperblock(_ bytes: HDF5Bytes) throws -> Int {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        guard bytes.count >= 48, bytes.bytes[0..<8].array == signature else { throw HDF5Error.notHDF5 }
        let version = try bytes.number(8, 1)
        let isOld = version < 2
        guard version <= 3, try bytes.number(isOld ? 13 : 9, 1) == 8, try bytes.number(isOld ? 14 : 10, 1) == 8
        else { throw HDF5Error.unsupported("this kind of HDF5 file is not read") }
        let base = version == 0 ? 24 : version == 1 ? 28 : 12
        guard try bytes.size(base) == 0 else {
            throw HDF5Error.unsupported("HDF5 files that start inside another file are not read")
        }
        return try bytes.size(isOld ? base + 40 : 36)
    }
}
