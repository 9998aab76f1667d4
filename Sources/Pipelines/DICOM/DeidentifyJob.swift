import DICOM
import Deidentification
import Foundation
import LightboxCore

/// One input on its way.
struct DeidentifyJob: Sendable {
    let number: Int
    let path: String

    struct Outcome: Sendable {
        let number: Int
        /// The result, on the disk under a name of its own.
        var scratchFile = ""
        var hash: ContentHash?
        /// The output has this very file already.
        var isThere = false
        /// `study/series/instance.dcm`; nil when nothing came of the input.
        var name: String?
        var findings: [Finding] = []
        var correspondence: [Correspondence] = []
        var reason: String?
    }

    /// - Parameter output: the folder where results end up, nil for a store.
    func run(_ deidentifier: Deidentifier, in scratch: String, output: String?) -> Outcome {
        var outcome = Outcome(number: number)
        do {
            let result = try deidentifier.apply(to: DICOMFile(path: path))
            let name = try Self.name(of: result.file)
            let bytes = try result.file.serialized()
            outcome.scratchFile = "\(scratch)/\(number).dcm"
            outcome.hash = ContentHash(of: bytes.withUnsafeBytes { $0 })
            if let output, let old = try? MappedFile(path: "\(output)/\(name)"), Bytes(old) == Bytes(bytes) {
                outcome.isThere = true
            } else {
                try Self.write(bytes, to: outcome.scratchFile)
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
