import ArgumentParser
import Foundation
import LightboxCore
import Torch

/// Several processes that train one network together on this machine.
struct ProcessArguments: ParsableArguments {
    @Option(help: "Processes that train together on this machine; each takes its part of every batch.")
    var processes = 1

    func validate() throws {
        guard (1...256).contains(processes) else { throw ValidationError("--processes is 1 to 256.") }
    }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
    private static let threadsName = "LIGHTBOX_ENGINE_THREADS"
    /// Set for processes that ``launched()`` started; their standard input ends when that process does.
    private static let launcherName = "LIGHTBOX_LAUNCHER"

    /// Threads of the engine in this process: its share of the cores when it is one of several.
    var engineThreads: Int? { Self.environment[Self.threadsName].flatMap(Int.init) }

    /// Runs this same command once for every rank and waits for all of them.
    ///
    /// - Returns: false when there is nothing to launch: one process, or this is one of several already.
    /// - Throws: the exit code of the first that failed by itself; no process is left behind.
    func launched() throws -> Bool {
        if Self.environment[Self.launcherName] != nil { Self.endWithLauncher() }
        guard processes > 1, try GroupPlace(environment: Self.environment) == nil else { return false }
        Interruption.install()
        let lifeline = Pipe()
        let port = String(try Self.freePort())
        let children = try (0..<processes).map { try child(rank: $0, port: port, lifeline: lifeline) }
        LaunchedProcesses(children).wait()
        try withExtendedLifetime(lifeline) { try Self.leave(after: children) }
        return true
    }

    private func child(rank: Int, port: String, lifeline: Pipe) throws -> Process {
        let threads = max(1, ProcessInfo.processInfo.activeProcessorCount / processes)
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = Array(CommandLine.arguments.dropFirst()) + (rank == 0 ? [] : ["--quiet"])
        child.environment = Self.environment.merging(
            [
                "RANK": String(rank), "WORLD_SIZE": String(processes), "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port, Self.threadsName: String(threads), Self.launcherName: "1",
            ]) { _, new in new }
        child.standardInput = lifeline.fileHandleForReading
        if rank > 0 { child.standardOutput = FileHandle.nullDevice }
        try child.run()
        return child
    }

    /// An error of a process says more than that the others lost it; a signal says nothing but that.
    private static func leave(after children: [Process]) throws {
        for (rank, child) in children.enumerated() where child.terminationReason == .uncaughtSignal {
            Terminal.writeError("rank \(rank) was ended by signal \(child.terminationStatus)\n")
        }
        let isKilled = children.contains { $0.terminationReason == .uncaughtSignal }
        let codes = children.filter { $0.terminationReason == .exit }.map(\.terminationStatus).filter { $0 != 0 }
        if let code = codes.first(where: { $0 != ExitStatus.processLost }) ?? codes.first { throw ExitCode(code) }
        if isKilled { throw ExitCode(ExitStatus.processLost) }
    }

    /// Saves and ends when the process that launched this one is gone.
    private static func endWithLauncher() {
        Thread.detachNewThread {
            while let bytes = try? FileHandle.standardInput.read(upToCount: 1), !bytes.isEmpty {}
            kill(getpid(), SIGTERM)
        }
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
