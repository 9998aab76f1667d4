import Foundation
import LightboxCore

/// Processor, memory, devices, disk: looked up in /proc and /sys, nothing is started.
extension Check {
    static func processor() -> [Check] {
        let facts = ProcessorFacts(cpuinfo: text(of: "/proc/cpuinfo"))
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let quota = ProcessorFacts.quota(cpuMax: text(of: "/sys/fs/cgroup/cpu.max"))
        let limit = quota.map { $0 < Double(cores) ? ", \($0) of them by quota" : "" } ?? ""
        let features = facts.features.joined(separator: " ")
        return [
            Check("processor", .ok, "\(facts.model), \(cores) \(cores == 1 ? "core" : "cores")\(limit)"),
            facts.isFast
                ? Check("instructions", .ok, features)
                : Check(
                    "instructions", .note, features.isEmpty ? "no AVX2" : features,
                    remedy: "Inference will be slow."),
            facts.hasBF16
                ? Check("bf16", .ok, "in hardware")
                : Check("bf16", .note, "not in hardware; --precision auto will use f32 or int8"),
        ]
    }

    static func memory() -> Check {
        let pages = Double(sysconf(Int32(_SC_PHYS_PAGES)))
        let machine = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
        let quota = Double(text(of: "/sys/fs/cgroup/memory.max").trimmingCharacters(in: .whitespacesAndNewlines))
        let usable = min(machine, quota ?? machine)
        let found = gigabytes(usable) + (usable < machine ? " (of \(gigabytes(machine)), by quota)" : "")
        guard usable < 2e9 else { return Check("memory", .ok, found) }
        return Check("memory", .note, found, remedy: "Embedding needs about 1.5 GB; use a smaller --batch-size.")
    }

    static func devices() -> [Check] {
        let nodes = Set((try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? [])
        let nvidia = nodes.filter {
            $0.hasPrefix("nvidia") && $0.dropFirst(6).allSatisfy(\.isNumber) && $0.count > 6
        }
        guard !nvidia.isEmpty else {
            return [Check("GPU", .note, "no NVIDIA device; everything runs on the processor")]
        }
        let root = "/proc/driver/nvidia/gpus"
        let models = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().compactMap {
            name in
            text(of: "\(root)/\(name)/information").split(separator: "\n").first { $0.hasPrefix("Model:") }
                .map { $0.dropFirst(6).trimmingCharacters(in: .whitespaces) }
        }
        let names = models.isEmpty ? nvidia.sorted().map { "/dev/" + $0 } : models
        return names.map { Check("GPU", .ok, $0) }
    }

    /// A cluster's own programs, where this machine has them.
    static func cluster(path: String) -> [Check] {
        let folder = path.split(separator: ":").first {
            FileManager.default.isExecutableFile(atPath: $0 + "/sbatch")
        }
        return folder.map { [Check("Slurm", .ok, "\($0)/sbatch, for --runner slurm")] } ?? []
    }

    /// Whether the home, or the folder it would be made in, can be written, and how much fits there.
    static func home(_ home: Home) -> [Check] {
        var folder = home.path
        while folder != "/", !FileManager.default.fileExists(atPath: folder) {
            folder = (folder as NSString).deletingLastPathComponent
        }
        var isFolder: ObjCBool = false
        let exists = folder == home.path
        let isWritable =
            FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) && isFolder.boolValue
            && access(folder, W_OK | X_OK) == 0
        let found = home.path + (exists ? "" : ", made when needed")
        var status = statvfs()
        let free = statvfs(folder, &status) == 0 ? Double(status.f_bavail) * Double(status.f_frsize) : 0
        return [
            isWritable
                ? Check("home", .ok, found)
                : Check(
                    "home", .missing, "\(folder) cannot be written",
                    remedy: "Name another folder with --home or LIGHTBOX_HOME."),
            free >= 5e9
                ? Check("disk", .ok, "\(gigabytes(free)) free")
                : Check(
                    "disk", free >= 2e8 ? .note : .missing, "\(gigabytes(free)) free",
                    remedy: "Free space, or put the home on another disk with --home."),
        ]
    }

    /// A file of the kernel's, empty when there is none. Such files have no size and come in pieces.
    static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func gigabytes(_ bytes: Double) -> String {
        bytes < 1e10 ? "\((bytes / 1e8).rounded() / 10) GB" : "\(Int(bytes / 1e9)) GB"
    }
}
