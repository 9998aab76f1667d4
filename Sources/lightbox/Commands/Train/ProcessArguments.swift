import ArgumentParser
import Foundation
import LightboxCore

/// Several processes that train one network together on this machine.
struct ProcessArguments: ParsableArguments {
    @Option(help: "Processes that train together on this machine; each takes its part of every batch.")
    var processes = 1

    func validate() throws {
        guard (1...256).contains(processes) else { throw ValidationError("--processes is 1 to 256.") }
    }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
    private static let threadsName = "LIGHTBOX_ENGINE_THREADS"

    /// Threads of the engine in this process: its share of the cores when it is one of several.
    var engineThreads: Int? { Self.environment[Self.threadsName].flatMap(Int.init) }

    /// Runs this same command once for every rank and waits for all of them.
    ///
    /// - Returns: false when there is nothing to launch: one process, or this is one of several already.
    /// - Throws: the exit code of the first that failed; the others are ended, since they would wait for it.
    func launched() throws -> Bool {
        guard processes > 1, Self.environment["WORLD_SIZE"] == nil else { return false }
        let port = String(try Self.freePort())
        let threads = max(1, ProcessInfo.processInfo.activeProcessorCount / processes)
        let children = try (0..<processes).map { rank in
            let child = Process()
            child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            child.arguments = Array(CommandLine.arguments.dropFirst()) + (rank == 0 ? [] : ["--quiet"])
            child.environment = Self.environment.merging(
                [
                    "RANK": String(rank), "WORLD_SIZE": String(processes), "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": port, Self.threadsName: String(threads),
                ]) { _, new in new }
            if rank > 0 { child.standardOutput = FileHandle.nullDevice }
            try child.run()
            return child
        }
        // Ctrl-C reaches the children from the terminal; each saves and ends by itself.
        Interruption.install()
        while children.contains(where: \.isRunning) {
            if children.contains(where: { !$0.isRunning && $0.terminationStatus != 0 }) {
                Thread.sleep(forTimeInterval: 2)
                for child in children where child.isRunning { child.terminate() }
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        if let failed = children.first(where: { $0.terminationStatus != 0 }) {
            throw ExitCode(failed.terminationStatus)
        }
        return true
    }

    /// A port of the loopback address that nobody listens on.
    private static func freePort() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw FileFailure(path: "socket", errno: errno) }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        guard status == 0 else { throw FileFailure(path: "127.0.0.1", errno: errno) }
        return UInt16(bigEndian: address.sin_port)
    }
}
