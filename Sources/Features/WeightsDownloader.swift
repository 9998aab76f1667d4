import Foundation
public import LightboxCore
import ObjectStorage

/// Brings public weights into a folder: continued where it was interrupted, checked, and never half there.
public struct WeightsDownloader: Sendable {
    /// Where the files end up, usually `weights` in the home folder. Made when missing.
    public let folder: String
    /// A mirror with the publisher's folders; nil goes to the publisher.
    public let mirror: String?

    public init(folder: String, mirror: String? = nil) {
        self.folder = folder
        self.mirror = mirror
    }

    /// A file that stands complete in the folder.
    public struct Result: Sendable, Equatable {
        public let path: String
        public let bytes: Int
        /// What to pin a file by whose publisher states no digest.
        public let sha256: ContentHash
        /// False when it was there already.
        public let wasDownloaded: Bool
        /// Whether a digest of the publisher or a pinned one was compared.
        public let isVerified: Bool
    }

    public func path(of file: WeightsFile) -> String { folder + "/" + file.fileName }

    /// Finds a network's file in the catalogue and brings it.
    public func pull(
        _ network: String, top: Bool = false, inputSize: Int? = nil, pinned: ContentHash? = nil,
        progress: ProgressHandler? = nil
    ) throws -> Result {
        try pull(
            WeightsCatalogue.file(network, top: top, inputSize: inputSize), pinned: pinned, progress: progress)
    }

    /// Brings a file, or checks the one that is there.
    ///
    /// - Parameters:
    ///   - pinned: the SHA-256 that the file has to have.
    ///   - progress: counts bytes.
    /// - Throws: ``WeightsError``, or `FileFailure` when the folder cannot be written. After an interruption the
    ///   part that has come stays, hidden, and the next call goes on from it.
    public func pull(_ file: WeightsFile, pinned: ContentHash? = nil, progress: ProgressHandler? = nil) throws
        -> Result
    {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = path(of: file)
        if FileManager.default.fileExists(atPath: path) {
            return try check(path, as: file, pinned: pinned, wasDownloaded: false)
        }
        let part = folder + "/." + file.fileName + ".part"
        let resumed = try receive(file, into: part, progress: progress)
        let result: Result
        do {
            result = try check(part, as: file, pinned: pinned, wasDownloaded: true)
        } catch let error as WeightsError {
            unlink(part)
            guard resumed else { throw error }
            // The old part may have been of another file: once more, from the start.
            _ = try receive(file, into: part, progress: progress)
            do {
                return try finish(part, check(part, as: file, pinned: pinned, wasDownloaded: true), at: path)
            } catch {
                unlink(part)
                throw error
            }
        }
        return try finish(part, result, at: path)
    }

    private func finish(_ part: String, _ result: Result, at path: String) throws -> Result {
        guard rename(part, path) == 0 else { throw FileFailure(path: path, errno: errno) }
        try AtomicFile.syncFolder(folder)
        return Result(
            path: path, bytes: result.bytes, sha256: result.sha256, wasDownloaded: true,
            isVerified: result.isVerified)
    }

    /// Appends to `part` what is missing.
    ///
    /// - Returns: whether some of it had come before.
    private func receive(_ file: WeightsFile, into part: String, progress: ProgressHandler?) throws -> Bool {
        let descriptor = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: part, errno: errno) }
        defer { close(descriptor) }
        let url = mirror.map(file.url(below:)) ?? file.url
        let curl: CurlTransfer
        do { curl = try CurlTransfer() } catch let error as ObjectError {
            throw WeightsError(.missingLibrary, error.detail + byHand(file))
        }
        let before = Int(lseek(descriptor, 0, SEEK_END))
        var sink = Sink(descriptor: descriptor, start: before, stage: file.fileName, progress: progress)
        var answer = curl.get(url, from: before) { sink.take($0, $1) }
        if answer.status == 416 || (answer.code == 33 && before > 0) {
            // The part is as long as the file, or longer, or the server cannot continue: start over.
            sink = Sink(descriptor: descriptor, start: 0, stage: file.fileName, progress: progress)
            guard ftruncate(descriptor, 0) == 0 else { throw FileFailure(path: part, errno: errno) }
            answer = curl.get(url, from: 0) { sink.take($0, $1) }
        }
        if let failure = sink.failure { throw FileFailure(path: part, errno: failure) }
        try judge(answer, file, url, part)
        guard fsync(descriptor) == 0 else { throw FileFailure(path: part, errno: errno) }
        return before > 0 && answer.status == 206
    }

    private func judge(_ answer: CurlTransfer.Answer, _ file: WeightsFile, _ url: String, _ part: String) throws {
        guard answer.status == 0 || answer.status == 200 || answer.status == 206 else {
            unlinkIfEmpty(part)
            throw WeightsError(.httpStatus, "\(url): the server answered \(answer.status).\(byHand(file))")
        }
        switch answer.code {
        case 0: break
        case 18, 28, 56:
            throw WeightsError(
                .interrupted,
                "\(url): the connection broke off (\(answer.message)). Run the same again: it continues.")
        default:
            unlinkIfEmpty(part)
            throw WeightsError(.noConnection, "\(url): \(answer.message).\(byHand(file))")
        }
    }

    private func unlinkIfEmpty(_ part: String) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: part)
        if (attributes?[.size] as? Int) == 0 { unlink(part) }
    }

    private func byHand(_ file: WeightsFile) -> String {
        " Without a connection: fetch \(file.url) elsewhere and put it at \(path(of: file))."
    }

    /// Compares the digest and looks for HDF5's signature.
    private func check(_ path: String, as file: WeightsFile, pinned: ContentHash?, wasDownloaded: Bool) throws
        -> Result
    {
        if case .checksum(let expected) = file.integrity {
            let found = try Checksum(expected.algorithm, ofFile: path)
            guard found == expected else {
                throw WeightsError(.wrongChecksum, mismatch(file, path, "\(expected)", "\(found)", wasDownloaded))
            }
        }
        let sha256 = try ContentHash(ofFile: path)
        if let pinned, pinned != sha256 {
            throw WeightsError(
                .wrongChecksum, mismatch(file, path, "sha256:\(pinned)", "sha256:\(sha256)", wasDownloaded))
        }
        let content = try Bytes(MappedFile(path: path))
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        guard content.count > 512, content[0..<8].array == signature else {
            throw WeightsError(
                .notWeights,
                "\(file.fileName): not an HDF5 file.\(wasDownloaded ? byHand(file) : " Remove it and pull again.")"
            )
        }
        return Result(
            path: path, bytes: content.count, sha256: sha256, wasDownloaded: wasDownloaded,
            isVerified: pinned != nil || file.integrity != .unpublished)
    }

    private func mismatch(
        _ file: WeightsFile, _ path: String, _ expected: String, _ found: String, _ wasDownloaded: Bool
    ) -> String {
        let advice =
            wasDownloaded
            ? "Nothing was kept. Try again, or another mirror." : "Remove \(path) and pull again."
        return "\(file.fileName): the content should be \(expected) but is \(found). \(advice)"
    }
}

/// Writes what comes, at the place where it belongs.
private struct Sink {
    let descriptor: Int32
    var start: Int
    let stage: String
    let progress: ProgressHandler?
    var failure: Int32?
    private var written = 0
    private var hasBegun = false

    init(descriptor: Int32, start: Int, stage: String, progress: ProgressHandler?) {
        self.descriptor = descriptor
        self.start = start
        self.stage = stage
        self.progress = progress
    }

    mutating func take(_ piece: UnsafeRawBufferPointer, _ answer: CurlTransfer.Answer) -> Bool {
        // Pages of an error are not kept.
        guard answer.status == 200 || answer.status == 206 else { return true }
        do {
            if !hasBegun {
                hasBegun = true
                // A server that does not continue sends everything from the first byte.
                if answer.status == 200 { start = 0 }
                guard ftruncate(descriptor, start) == 0, lseek(descriptor, start, SEEK_SET) == start else {
                    throw FileFailure(path: stage, errno: errno)
                }
            }
            try FileDescriptorIO.writeAll(piece, to: descriptor)
        } catch {
            failure = (error as? FileFailure)?.errno ?? EIO
            return false
        }
        written += piece.count
        progress?(
            ProgressUpdate(stage: stage, completed: start + written, total: answer.length.map { start + $0 }))
        return true
    }
}
