import Foundation
import Synchronization

/// A web server on this machine for as long as a test runs: one connection after another, HTTP/1.1.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        let path: String
        /// First byte asked for, where a range is.
        let rangeStart: Int?
    }

    struct Response: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Promises the whole body but sends only so much.
        var breaksOffAfter: Int?
    }

    let port: UInt16
    private let listener: Int32
    private let seen = Mutex<[Request]>([])

    var base: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { seen.withLock { $0 } }

    init(_ answer: @escaping @Sendable (Request) -> Response) {
        (listener, port) = Self.listen()
        Thread.detachNewThread { [listener, self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                guard let request = Self.read(connection) else {
                    close(connection)
                    continue
                }
                seen.withLock { $0.append(request) }
                Self.send(answer(request), to: connection)
                close(connection)
            }
            close(listener)
        }
    }

    /// A socket at a port that the system chooses.
    private static func listen() -> (socket: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                precondition(bind(listener, address, length) == 0 && Foundation.listen(listener, 8) == 0)
                precondition(getsockname(listener, address, &length) == 0)
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// To be called when the test ends.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func read(_ connection: Int32) -> Request? {
        var text = ""
        var piece = [UInt8](repeating: 0, count: 4096)
        while !text.contains("\r\n\r\n") {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            text += String(decoding: piece[..<count], as: UTF8.self)
        }
        let lines = text.components(separatedBy: "\r\n")
        let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }?.dropFirst(13)
        return Request(
            path: lines[0].components(separatedBy: " ")[1],
            rangeStart: range.flatMap { Int($0.prefix { $0.isNumber }) })
    }

    private static func send(_ response: Response, to connection: Int32) {
        var head =
            "HTTP/1.1 \(response.status) -\r\nContent-Length: \(response.body.count)\r\nConnection: close\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        let bytes = Array((head + "\r\n").utf8) + response.body.prefix(response.breaksOffAfter ?? .max)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
