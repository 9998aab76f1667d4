import Foundation
import Imaging
public import LightboxCore

/// An entry of the input on its way to a worker: with an absolute path, and with what shows there that the file is
/// still the one that was listed.
struct WorkerItem: Codable, Sendable {
    /// A file of the input as it was when the input was listed.
    struct File: Codable, Sendable, Equatable {
        /// Absolute, or an object's address.
        var path: String
        /// As the user wrote it, where that is another text: reports use it.
        var told: String?
        var bytes: Int
        /// Nanoseconds since 1970: another time makes another task, so a changed file is worked on again.
        var modified: Int?
        /// The same of an object, as its service has it.
        var stamp: String?
    }

    /// An image that stands in no file of its own: it travels along.
    struct Pixels: Codable, Sendable {
        var width, height, channels, bits: Int
        /// Rows from the top, 16-bit samples little-endian.
        var samples: Data
    }

    var origin: String
    /// Why the entry is none; the members below are then absent.
    var problem: String?
    var key: InstanceKey?
    var extras: [ImageItem.Extra]?
    var file: File?
    /// Of a DICOM file, from 0.
    var frame: Int?
    /// A PNG or JPEG file's bytes.
    var encoded: Data?
    var pixels: Pixels?
}

extension WorkerItem {
    /// - Throws: ``FileFailure`` when a file that was just listed is gone.
    init(_ entry: ItemSource.Entry, directory: String = FileManager.default.currentDirectoryPath) throws {
        switch entry {
        case .problem(let problem): self.init(origin: problem.source, problem: problem.reason)
        case .item(let item):
            self.init(origin: item.origin, key: item.key, extras: item.extras.isEmpty ? nil : item.extras)
            switch item.payload {
            case .file(let path): file = try File(path, directory: directory)
            case .dicom(let path, let frame):
                file = try File(path, directory: directory)
                self.frame = frame
            case .encoded(let bytes): encoded = Data(bytes.array)
            case .raw(let image): pixels = Pixels(image)
            }
        }
    }

    /// The entry for a stage.
    ///
    /// - Throws: ``InputError`` when the file is not as it was listed. That is no fault of one image: a folder that this
    ///   machine does not see would else leave all of its images out.
    func entry(in home: WorkerHome) throws -> ItemSource.Entry {
        if let problem { return .problem(.init(source: origin, reason: problem)) }
        guard let payload = try payload(in: home), let key else {
            throw InputError(.invalidInput, "\(origin): the task names no image.")
        }
        return .item(ImageItem(origin: origin, key: key, extras: extras ?? [], payload: payload))
    }

    private func payload(in home: WorkerHome) throws -> ImageItem.Payload? {
        if let encoded { return .encoded(Bytes(encoded)) }
        if let pixels { return try .raw(pixels.image()) }
        guard let file else { return nil }
        let path = try file.checked(in: home)
        guard let frame else { return .file(path: path) }
        guard frame >= 0 else { throw InputError(.invalidInput, "\(origin): frames count from 0.") }
        return .dicom(path: path, frame: frame)
    }

    /// A problem in the words of a run on one machine, which knows the file by the path that the user wrote.
    func told(_ problem: StageReport.Problem) -> StageReport.Problem {
        guard let file, let told = file.told, problem.source == origin else { return problem }
        struct Told: Error, CustomStringConvertible { let description: String }
        return .init(source: origin, error: Told(description: problem.reason.replacing(file.path, with: told)))
    }
}

extension WorkerItem.File {
    init(_ written: String, directory: String = FileManager.default.currentDirectoryPath) throws {
        if let address = RemoteFiles.address(of: written), let status = try RemoteFiles.remoteStatus(of: written) {
            guard !address.hasPrefix("http") || !address.contains("?") else {
                throw InputError(
                    .unsupported,
                    "\(RemoteFiles.shown(written)): what stands behind a ? may be a signature, which workers are not "
                        + "given.")
            }
            self.init(path: address, bytes: status.size, stamp: status.stamp)
            return
        }
        var status = stat()
        guard stat(written, &status) == 0 else { throw FileFailure(path: written, errno: errno) }
        let path = written.hasPrefix("/") ? written : directory + "/" + written
        self.init(
            path: path, told: path == written ? nil : written, bytes: Int(status.st_size),
            modified: status.modifiedNanoseconds)
    }

    /// The path on this machine, with a file there as it was listed. An object is brought.
    ///
    /// Of a file only the size is compared: machines need not agree on a file system's times.
    func checked(in home: WorkerHome) throws -> String {
        guard stamp == nil else {
            let path = try home.path(of: path)
            _ = try RemoteFiles.file(of: path)
            return path
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw InputError(
                .environment,
                "\(path): \(String(cString: strerror(errno))) on \(ProcessInfo.processInfo.hostName). Every worker "
                    + "must see the input at the same path.")
        }
        guard Int(status.st_size) == bytes else {
            throw InputError(
                .conflict,
                "\(path) has \(status.st_size) bytes on \(ProcessInfo.processInfo.hostName), not \(bytes) as when "
                    + "the input was listed. Run the command again.")
        }
        return path
    }
}

extension WorkerItem.Pixels {
    init(_ image: Image) {
        (width, height, channels, bits) = (image.width, image.height, image.channels, image.bitsPerSample)
        switch image.samples {
        case .uint8(let values): samples = Data(values)
        case .uint16(let values): samples = values.map(\.littleEndian).withUnsafeBytes { Data($0) }
        }
    }

    func image() throws -> Image {
        let sizes = [width, height, channels, bits]
        guard sizes.allSatisfy({ (1...1 << 20).contains($0) }), [1, 3, 4].contains(channels),
            samples.count == width * height * channels * bits / 8, bits == 8 || bits == 16
        else { throw InputError(.invalidInput, "the task's pixels do not fit their width and height.") }
        guard bits == 16 else {
            return Image(width: width, height: height, channels: channels, samples: .uint8(Array(samples)))
        }
        let values = samples.withUnsafeBytes { bytes in
            (0..<bytes.count / 2).map {
                UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
            }
        }
        return Image(width: width, height: height, channels: channels, samples: .uint16(values))
    }
}

/// `[["study", "1.2.3"], …]`: the order is part of a key.
extension InstanceKey: Codable {
    public init(from decoder: any Decoder) throws {
        let pairs = try decoder.singleValueContainer().decode([[String]].self)
        guard pairs.allSatisfy({ $0.count == 2 }) else {
            throw InputError(.invalidInput, "a key consists of pairs of texts.")
        }
        self.init(fields: pairs.map { Field($0[0], $0[1]) })
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields.map { [$0.name, $0.value] })
    }
}
