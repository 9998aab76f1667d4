import Foundation
import LightboxCore

/// The folder of one distributed run: the plan, the workers' parts and answers, models that they need. One driver holds it
/// at a time, and it stays until the output stands, so that a run that was cut short goes on.
final class PlanFolder {
    let place: RunPlace
    /// What the workers of this run carry.
    let run: String
    private let lock: Int32

    /// - Parameters:
    ///   - output: what the run is for; the same output has the same folder.
    ///   - parent: where the folder stands.
    ///   - engine: goes on with a run whose driver is gone, where it can.
    /// - Throws: ``InputError`` when another driver is at work on the same output.
    init(for output: String, in parent: String, over engine: any TaskEngine) throws {
        let directory = FileManager.default.currentDirectoryPath
        let parent = parent.hasPrefix("/") ? parent : directory + "/" + parent
        let output = RemoteFiles.shown(output.hasPrefix("/") ? output : directory + "/" + output)
        let standard = URL(fileURLWithPath: parent).standardizedFileURL.path
        let key = ContentHash(of: URL(fileURLWithPath: output).standardizedFileURL.path.utf8).description.prefix(
            16)
        place = RunPlace(path: standard + "/lightbox-run-" + key)
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        lock = open(place.path + "/lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw FileFailure(path: place.path, errno: errno) }
        // A throw from here on ends in deinit, which closes the lock.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw InputError(.conflict, "another run is writing \(output).")
        }
        do {
            if let standing = try engine.takeOver(place.path) {
                run = standing
                return
            }
        } catch {
            close(lock)
            throw error
        }
        run = UUID().uuidString
        try? FileManager.default.removeItem(atPath: place.logs)
        try FileManager.default.createDirectory(atPath: place.logs, withIntermediateDirectories: true)
        // Workers of a driver that was killed see another name here and end.
        try AtomicFile.write(Array(run.utf8), to: place.runFile)
        sweep()
    }

    deinit { close(lock) }

    /// Tells the workers to end.
    func withdraw() { unlink(place.runFile) }

    /// Removes what workers that were ended left half written.
    func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        where name.hasPrefix(".") && name.hasSuffix(".part") {
            unlink(place.path + "/" + name)
        }
    }

    /// The output stands: nothing here is needed any more.
    func end() { try? FileManager.default.removeItem(atPath: place.path) }

    /// What was decided once, by measuring or by chance, stays decided until the output stands.
    ///
    /// - Parameter asked: what the decision follows from.
    func decided<Work: Codable>(_ asked: some Encodable, _ decide: () throws -> Work) throws -> Work {
        let path = place.path + "/work.json"
        let key = ContentHash(of: try TaskJSON.line(asked))
        if let bytes = FileManager.default.contents(atPath: path),
            let earlier = try? JSONDecoder().decode(Decision<Work>.self, from: bytes), earlier.asked == key
        {
            return earlier.work
        }
        let work = try decide()
        try AtomicFile.write(TaskJSON.line(Decision(asked: key, work: work)), to: path)
        return work
    }

    /// A copy of a file or folder that workers need, under the same path in every run with the same content.
    func ship(_ path: String, key: String) throws -> String {
        let folder = place.path + "/model-" + key.prefix(16)
        let copy = folder + "/" + (path as NSString).lastPathComponent
        guard !FileManager.default.fileExists(atPath: copy) else { return copy }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let temporary = folder + "/." + UUID().uuidString
        try FileManager.default.copyItem(
            atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path, toPath: temporary)
        guard rename(temporary, copy) == 0 else { throw FileFailure(path: copy, errno: errno) }
        return copy
    }

    /// The same for bytes.
    func ship(_ bytes: Bytes, named name: String) throws -> String {
        let key = bytes.withUnsafeBytes { ContentHash(of: $0) }
        let path = "\(place.path)/\(key.description.prefix(16))-\(name)"
        if !FileManager.default.fileExists(atPath: path) {
            try bytes.withUnsafeBytes { bytes in
                try AtomicFile.write(to: path) { try FileDescriptorIO.writeAll(bytes, to: $0) }
            }
        }
        return path
    }

    /// Gives a part its place in the output, on another file system if need be.
    func move(_ file: HashedFile, to path: String) throws {
        let source = place.path + "/" + file.name
        if RemoteFiles.isRemote(path) { return try RemoteFiles.commit(source, as: path) }
        if rename(source, path) == 0 { return }
        guard errno == EXDEV else { throw FileFailure(path: path, errno: errno) }
        try AtomicFile.write(to: path) { descriptor in
            try file.read(in: place.path) { piece in
                try piece.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
            }
        }
    }
}

/// What was decided, and the hash of what was asked.
private struct Decision<Work: Codable>: Codable {
    let asked: ContentHash
    let work: Work
}
