import Foundation
import Inference
import LightboxCore

/// The program with every library that it needs, but for the C library's own, in one archive for machines that have
/// nothing of Lightbox.
struct WorkerBundle {
    let executable: String
    /// Archives are kept here under the hash of what is in them.
    let cacheFolder: String

    /// glibc's own parts: they belong to the loader of the machine.
    private static let system = [
        "linux-vdso", "ld-linux", "libc.", "libm.", "libdl.", "libpthread.", "librt.", "libresolv.", "libutil.",
    ]
    /// OpenVINO's parts that are never opened here: other devices, formats that no command reads.
    private static let unused = [
        "gpu_plugin", "npu_plugin", "cache.json", ".pc", "paddle", "pytorch", "jax", "gguf",
    ]

    /// The path of the archive, which is made when there is none of these files.
    ///
    /// - Parameter tick: called while packing takes its time; may throw.
    func archive(_ tick: () throws -> Void) throws -> String {
        let program = URL(fileURLWithPath: executable).resolvingSymlinksInPath().path
        let libraries = try libraries(of: program)
        let inference = try inferenceFiles()
        let key = Self.key(([program] + libraries + inference).sorted())
        let folder = cacheFolder + "/workers"
        let archive = "\(folder)/lightbox-\(key).tar.gz"
        guard !FileManager.default.fileExists(atPath: archive) else { return archive }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let work = "\(folder)/.\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: work) }
        // Where the program looks for OpenVINO without being told.
        let native = work + "/content/.native/openvino/libs"
        try FileManager.default.createDirectory(atPath: native, withIntermediateDirectories: true)
        for (files, place) in [([program] + libraries, work + "/content"), (inference, native)] {
            for file in files {
                let target = place + "/" + (file == program ? "lightbox" : (file as NSString).lastPathComponent)
                if file == program, Self.strip(file, to: target) { continue }
                guard symlink(file, target) == 0 else { throw FileFailure(path: target, errno: errno) }
            }
        }
        try pack(work + "/content", to: work + "/archive", tick)
        guard rename(work + "/archive", archive) == 0 else { throw FileFailure(path: archive, errno: errno) }
        return archive
    }

    /// A copy without the names for debuggers, which are three quarters of the program; false where `strip` is missing.
    private static func strip(_ program: String, to path: String) -> Bool {
        guard let strip = try? ProgramAnswer(of: "strip", ["-o", path, program]) else { return false }
        if strip.status != 0 { unlink(path) }
        return strip.status == 0
    }

    private func pack(_ folder: String, to archive: String, _ tick: () throws -> Void) throws {
        let log = archive + ".log"
        let tar = try ChildProcess(
            "/usr/bin/env",
            ["tar", "--dereference", "--use-compress-program", "gzip -1", "-cf", archive, "-C", folder, "."],
            output: log, errors: log, folder: folder)
        defer { tar.end() }
        while tar.isRunning {
            try tick()
            usleep(50_000)
        }
        guard tar.status == 0 else {
            let said = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
            throw EngineError("tar could not pack the worker: \(said.prefix(300))")
        }
    }

    /// What the loader finds for the program on this machine, by `ldd`.
    private func libraries(of program: String) throws -> [String] {
        let ldd = try ProgramAnswer(of: "ldd", [program])
        let text = ldd.output
        guard ldd.status == 0, !text.contains("not found") else {
            throw EngineError("ldd does not find the libraries of \(program): \((text + ldd.errors).prefix(300))")
        }
        // `libpng16.so.16 => /lib/x86_64-linux-gnu/libpng16.so.16 (0x00007f…)`; libraries are copied under the first name.
        return text.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ").map { $0.trimmingCharacters(in: .whitespaces) }
            guard words.count >= 3, words[1] == "=>", words[2].hasPrefix("/") else { return nil }
            return Self.system.contains(where: words[0].hasPrefix) ? nil : words[2]
        }
    }

    private func inferenceFiles() throws -> [String] {
        for folder in OpenVINOLibrary.searchFolders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            guard names.contains(where: { $0.hasPrefix("libopenvino_c.so") }) else { continue }
            return names.filter { name in !Self.unused.contains(where: name.contains) }.map { folder + "/" + $0 }
        }
        throw EngineError(
            "OpenVINO is not there to be shipped. Run scripts/bootstrap, or name its folder in LIGHTBOX_OPENVINO.")
    }

    /// Of names, sizes and times: a new build is a new archive.
    private static func key(_ files: [String]) -> String {
        var hasher = ContentHasher()
        for file in files {
            var status = stat()
            _ = stat(file, &status)
            let line = "\(file)\0\(status.st_size)\0\(status.modifiedNanoseconds)\n"
            Array(line.utf8).withUnsafeBytes { hasher.update($0) }
        }
        return String(hasher.finalize().description.prefix(16))
    }
}
