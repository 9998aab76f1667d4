import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// What an upload in parts leaves behind, in S3's language.
@Suite("Uploads in parts") struct UploadTests {
    static let size = (2 << 20) + 17

    /// Keeps what it is sent, part by part; `fault` answers in its place.
    final class Store: Sendable {
        struct State {
            var parts: [Int: [UInt8]] = [:]
            var object: [UInt8]?
            var isEnded = false
        }
        let state = Mutex(State())

        func answer(_ request: FaultyServer.Request) -> FaultyServer.Response {
            state.withLock { state in
                let query = request.path.split(separator: "?").dropFirst().first ?? ""
                if request.method == "POST", query == "uploads=" {
                    return .init(body: Array("<Initiated><UploadId>u/1</UploadId></Initiated>".utf8))
                }
                if request.method == "DELETE" {
                    state.isEnded = true
                    return .init(status: 204)
                }
                if request.method == "PUT",
                    let number = query.split(separator: "&").first?.split(separator: "=").last
                {
                    state.parts[Int(number)!] = request.body
                    return .init(headers: ["ETag": "\"p\(number)\""])
                }
                if request.method == "HEAD" {
                    return .init(
                        status: state.object == nil ? 404 : 200,
                        headers: ["ETag": "\"x-\(state.parts.count)\""], promisedLength: state.object?.count)
                }
                state.object = state.parts.sorted { $0.key < $1.key }.flatMap(\.value)
                return .init(body: Array("<CompleteMultipartUploadResult/>".utf8))
            }
        }
    }

    private func run(
        _ fault: @escaping @Sendable (FaultyServer.Request, Int) -> FaultyServer.Response?
    ) throws -> (sent: [UInt8], state: Store, error: (any Error)?) {
        let store = Store()
        let server = FaultyServer { request, number in fault(request, number) ?? store.answer(request) }
        defer { server.stop() }
        let bytes = (0..<Self.size).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) }
        return try withTemporaryFolder { folder in
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/a"))
            do {
                try FaultTests.place(server).write(FileParts(path: folder + "/a"), to: FaultTests.name) { _ in }
                return (bytes, store, nil)
            } catch { return (bytes, store, error) }
        }
    }

    @Test("Arrives whole through busy answers and resets")
    func faults() throws {
        let (sent, store, error) = try run { request, number in
            number % 3 == 1 ? .init(status: 503) : number % 4 == 2 ? .init(isSilent: true) : nil
        }
        #expect(error == nil)
        #expect(store.state.withLock { $0.object } == sent)
        #expect(store.state.withLock { $0.parts.count } == 3)
        #expect(!store.state.withLock { $0.isEnded })
    }

    @Test("A part that fails for good ends the upload")
    func failing() throws {
        let (_, store, error) = try run { request, _ in
            request.path.contains("partNumber=2") ? .init(status: 400) : nil
        }
        #expect((error as? ObjectError)?.code == .refused)
        #expect(store.state.withLock { $0.object } == nil)
        #expect(store.state.withLock { $0.isEnded })
    }

    @Test("An error inside a success is an error")
    func lateError() throws {
        let (_, store, error) = try run { request, _ in
            request.method == "POST" && request.path.contains("uploadId")
                ? .init(body: Array("<Error><Code>InternalError</Code></Error>".utf8)) : nil
        }
        #expect((error as? ObjectError)?.code == .refused)
        #expect(store.state.withLock { $0.isEnded })
    }

    @Test("A finished upload whose answer was lost is not reported as failed")
    func lostAnswer() throws {
        let finished = Atomic<Int>(0)
        let store = Store()
        let server = FaultyServer { request, _ in
            guard request.method == "POST", request.path.contains("uploadId") else { return store.answer(request) }
            if finished.add(1, ordering: .relaxed).oldValue == 0 {
                _ = store.answer(request)
                return .init(isSilent: true)
            }
            return .init(status: 404, body: Array("<Error><Code>NoSuchUpload</Code></Error>".utf8))
        }
        defer { server.stop() }
        try withTemporaryFolder { folder in
            try Data(count: Self.size).write(to: URL(fileURLWithPath: folder + "/a"))
            try FaultTests.place(server).write(FileParts(path: folder + "/a"), to: FaultTests.name) { _ in }
        }
        #expect(store.state.withLock { $0.object?.count } == Self.size)
    }
}
