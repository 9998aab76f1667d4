import DICOM
import DICOMStore
import Deidentification
import Foundation
import LightboxCore

/// One input on its way.
struct DeidentifyJob: Sendable {
    let number: Int
    let path: String

    struct Outcome: Sendable {
        let number: Int
        /// nil where the output has this very file already, or nothing came of the input.
        var result: Result?
        var hash: ContentHash?
        /// `study/series/instance.dcm`; nil when nothing came of the input.
        var name: String?
        var findings: [Finding] = []
        var correspondence: [Correspondence] = []
        var reason: String?
    }

    /// A result on its way: on the disk, and not yet where it belongs.
    enum Result: Sendable {
        case file(String)
        case received(ReceivedInstance)
    }

    func run(_ deidentifier: Deidentifier, for target: DeidentifyTarget) -> Outcome {
        var outcome = Outcome(number: number)
        do {
            let result = try deidentifier.apply(to: DICOMFile(path: path))
            let name = try Self.name(of: result.file)
            let bytes = try result.file.serialized()
            let hash = bytes.withUnsafeBytes { ContentHash(of: $0) }
            outcome.hash = hash
            switch target {
            case .folder(let output, let scratch):
                if let old = try? MappedFile(path: "\(output)/\(name)"), Bytes(old) == Bytes(bytes) { break }
                let path = "\(scratch.path)/\(number).dcm"
                try Self.write(bytes, to: path)
                outcome.result = .file(path)
            case .store(let store):
                let uid = result.file.dataSet.string(.sopInstanceUID) ?? ""
                if try store.instance(uid)?.contentHash == hash { break }
                let received = try store.receive()
                try bytes.withUnsafeBytes { try received.append($0) }
                outcome.result = .received(try received.finish())
            }
            outcome.name = name
            outcome.findings = result.findings
            outcome.correspondence = result.correspondence
        } catch {
            outcome.reason = Self.text(of: error, without: path)
        }
        outcome.correspondence.append(
            Correspondence(.file, old: RemoteFiles.shown(path), new: outcome.name ?? "input \(number)"))
        return outcome
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        try bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
    }

    private static func name(of file: DICOMFile) throws -> String {
        let names = try [Tag.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID].map { tag in
            guard let uid = file.dataSet.string(tag), uid.utf8.count <= 64,
                uid.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), uid.utf8.first != 0x2e
            else { throw DICOMError(.missingAttribute, tag: tag, "An instance needs this UID.") }
            return uid
        }
        return names.joined(separator: "/") + ".dcm"
    }

    /// Without the path, which errors of every module begin with.
    private static func text(of error: any Error, without path: String) -> String {
        switch error {
        case var error as DICOMError:
            error.file = nil
            return error.description
        case var error as DeidentificationError:
            error.place = nil
            return error.description
        case let error as FileFailure: return String(cString: strerror(error.errno))
        case let error as any Failure where !error.description.contains(path): return error.description
        default: return "This file could not be read."
        }
    }
}
