import Foundation
import LightboxCore

/// A program that an engine runs: its input and what it says are files, so nobody has to read along.
final class ChildProcess {
    private let process = Process()

    /// - Parameters:
    ///   - input: a file; nil for nothing.
    ///   - output: a file that standard output is added to.
    ///   - errors: the same for standard error.
    init(
        _ program: String, _ arguments: [String], input: String? = nil, output: String, errors: String,
        folder: String, environment: [String: String] = [:]
    ) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput =
            try input.map { try FileHandle(forReadingFrom: URL(fileURLWithPath: $0)) } ?? FileHandle.nullDevice
        let standardOutput = try Self.appending(to: output)
        process.standardOutput = standardOutput
        process.standardError = errors == output ? standardOutput : try Self.appending(to: errors)
        do {
            try process.run()
        } catch {
            throw EngineError("\(program) does not start. \(error.localizedDescription)")
        }
    }

    private static func appending(to path: String) throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    var isRunning: Bool { process.isRunning }
    /// Of a program that has ended; of one that a signal ended, 128 and the signal's number.
    var status: Int32 {
        process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    }

    /// Asks the program to end, and makes it end when it does not within `patience`.
    func end(patience: Duration = .seconds(20)) {
        guard process.isRunning else { return }
        process.terminate()
        let start = ContinuousClock.now
        while process.isRunning {
            if start.duration(to: .now) > patience { kill(process.processIdentifier, SIGKILL) }
            usleep(20_000)
        }
    }
}

/// What a short program said, and its status.
struct ProgramAnswer {
    let status: Int32
    let output: String
    let errors: String

    /// - Parameter tick: called while the program takes its time; may throw.
    init(
        of program: String, _ arguments: [String], environment: [String: String] = [:],
        while tick: () throws -> Void = {}
    ) throws {
        let path = FileManager.default.temporaryDirectory.path + "/lightbox-said-" + UUID().uuidString
        let (output, errors) = (path + ".out", path + ".err")
        defer { for file in [output, errors] { unlink(file) } }
        let child = try ChildProcess(
            "/usr/bin/env", [program] + arguments, output: output, errors: errors, folder: "/",
            environment: environment)
        defer { child.end(patience: .seconds(1)) }
        while child.isRunning {
            try tick()
            usleep(5000)
        }
        status = child.status
        (self.output, self.errors) = (Self.text(of: output), Self.text(of: errors))
    }

    private static func text(of file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }
}
