import Foundation
import LightboxCore
import Server
import Synchronization
import TestSupport
import Testing
import WireFormats

/// A server on a home folder of its own, with a model `doubling` (y = 2x for rows of four numbers) in version `v1`
/// where that is asked for.
func withServer(
    doubling: Bool = false, settings: ServerSettings = ServerSettings(),
    _ body: (TestServer) async throws -> Void
) async throws {
    try await withAsyncTemporaryFolder { folder in
        var settings = settings
        settings.port = 0
        let server = try TestServer(folder: folder, settings: settings)
        if doubling {
            try await server.post("/v1/projects/p/models", #"{"name": "doubling"}"#)
            try await server.addDoubling("v1")
        }
        try await body(server)
    }
}

struct TestServer: Sendable {
    let folder: String
    let server: LightboxServer
    let log = LogLines()

    init(folder: String, settings: ServerSettings) throws {
        self.folder = folder
        var settings = settings
        // Beside all other tests a request may wait for a processor for long.
        if settings.timeout == ServerSettings().timeout { settings.timeout = settings.maximumTimeout }
        server = try LightboxServer(home: TestEngine.home(folder + "/home"), settings: settings) { [log] in
            log.add($0)
        }
    }

    func ask(
        _ method: String, _ path: String, _ body: String = "", headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(method, path, Array(body.utf8), headers: headers)
    }

    func send(
        _ method: String, _ path: String, _ body: [UInt8], headers: [String: String] = [:]
    ) async throws -> Answer {
        let (status, headers, bytes) = try await server.answer(method, path, headers: headers, body: body)
        return Answer(status: status, headers: headers, body: bytes)
    }

    func get(_ path: String) async throws -> Answer { try await ask("GET", path) }

    @discardableResult
    func post(_ path: String, _ body: String) async throws -> Answer { try await ask("POST", path, body) }

    /// Makes a version and waits for it.
    @discardableResult
    func addDoubling(_ version: String, to model: String = "doubling") async throws -> JSONValue {
        let path = folder + "/doubling.onnx"
        try Data(base64Encoded: doublingONNX)!.write(to: URL(fileURLWithPath: path))
        let made = try await post(
            "/v1/projects/p/models/\(model)/versions", #"{"name": "\#(version)", "deploymentUri": "\#(path)"}"#)
        return try await end(of: made)
    }

    /// The operation that an answer holds, when it is done.
    func end(of answer: Answer) async throws -> JSONValue {
        let name = try #require(answer.json["name"]?.string, "no operation: \(answer.text)")
        for _ in 0..<60_000 {
            let operation = try await get("/v1/" + name).json
            if operation["done"]?.bool == true { return operation }
            try await Task.sleep(for: .milliseconds(10))
        }
        return .null
    }
}

extension TestServer {
    /// Runs the server while `body` runs, which is told its port.
    ///
    /// - Parameter draining: runs once the server has been asked to end, and ends its drain time.
    func running(
        _ body: (Int) async throws -> Void, draining: ((Int) async throws -> Void)? = nil
    ) async throws {
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        let run = Task {
            try await server.run(until: { for await _ in stops {} }, onReady: { told.yield($0) })
        }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do {
            try await body(port)
        } catch {
            stop.finish()
            throw error
        }
        stop.finish()
        if let draining {
            defer { run.cancel() }
            try await draining(port)
        }
        try await run.value
    }
}

struct Answer {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? JSONValue(parsing: text)) ?? .null }
    /// `INVALID_ARGUMENT`
    var errorStatus: String? { json["error"]?["status"]?.string }
}

/// What the server has logged.
final class LogLines: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func add(_ new: [UInt8]) { bytes.withLock { $0 += new } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

/// A MatMul of `x` with twice the unit matrix; Tests/Clients/support.py writes the same.
private let doublingONNX = """
    CAk6lgEKEQoBeAoBVxIBeSIGTWF0TXVsEghkb3VibGluZypLCAQIBBABQgFXSkAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAA\
    AAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAABAWhQKAXgSDwoNCAESCQoDEgFuCgIIBGIUCgF5Eg8KDQgBEgkKAxIB\
    bgoCCARCAhAR
    """
