import Foundation
import Synchronization

/// A web server on this machine that misbehaves as told, each connection on a thread of its own, HTTP/1.1.
package final class FaultyServer: Sendable {
    package struct Request: Sendable {
        package var method = ""
        /// With the query.
        package var path = ""
        package var headers: [String: String] = [:]
        package var body: [UInt8] = []

        /// `bytes=5-` as (5, nil).
        package var range: (start: Int, end: Int?)? {
            guard let text = headers["range"]?.dropFirst("bytes=".count) else { return nil }
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
            return (Int(ends[0]) ?? 0, ends.count > 1 ? Int(ends[1]).map { $0 + 1 } : nil)
        }
    }

    package struct Response: Sendable {
        package var status = 200
        package var headers: [String: String] = [:]
        package var body: [UInt8] = []
        /// Sends so much of the body and resets the connection.
        package var resetsAfter: Int?
        /// Promises more bytes than come.
        package var promisedLength: Int?
        /// Stops in the middle of the body until the caller goes.
        package var stalls = false
        /// Closes the connection without a word.
        package var isSilent = false

        /// The part of an object that a request asks for.
        package static func part(of object: [UInt8], _ request: Request, etag: String = "\"e\"") -> Response {
            guard let range = request.range else { return Response(headers: ["ETag": etag], body: object) }
            guard range.start < object.count else {
                return Response(status: 416, headers: ["Content-Range": "bytes */\(object.count)"])
            }
            let end = min(range.end ?? object.count, object.count)
            let place = "bytes \(range.start)-\(end - 1)/\(object.count)"
            return Response(
                status: 206, headers: ["ETag": etag, "Content-Range": place],
                body: Array(object[range.start..<end]))
        }

        package init(
            status: Int = 200, headers: [String: String] = [:], body: [UInt8] = [], resetsAfter: Int? = nil,
            promisedLength: Int? = nil, isSilent: Bool = false
        ) {
            (self.status, self.headers, self.body) = (status, headers, body)
            (self.resetsAfter, self.promisedLength, self.isSilent) = (resetsAfter, promisedLength, isSilent)
        }
    }

    package let port: UInt16
    private let listener: Int32
    private let seen = Mutex<[Request]>([])

    package var origin: String { "http://127.0.0.1:\(port)" }
    package var requests: [Request] { seen.withLock { $0 } }

    /// - Parameter answer: gets the request and how many came before it.
    package init(_ answer: @escaping @Sendable (Request, Int) -> Response) {
        (listener, port) = Self.listen()
        Thread.detachNewThread { [listener, self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                Thread.detachNewThread { self.serve(connection, answer) }
            }
            close(listener)
        }
    }

    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ connection: Int32, _ answer: @Sendable (Request, Int) -> Response) {
        defer { close(connection) }
        while let request = Self.read(connection) {
            let number = seen.withLock { seen in
                seen.append(request)
                return seen.count - 1
            }
            guard Self.send(answer(request, number), isHead: request.method == "HEAD", to: connection) else {
                return
            }
        }
    }

    private static func listen() -> (socket: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                precondition(bind(listener, address, length) == 0 && Foundation.listen(listener, 64) == 0)
                precondition(getsockname(listener, address, &length) == 0)
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        let blank = Array("\r\n\r\n".utf8)
        var end: Int?
        while end == nil {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes += piece[..<count]
            end = (0...max(0, bytes.count - 4)).first { bytes[$0...].starts(with: blank) }
        }
        let lines = String(decoding: bytes[..<end!], as: UTF8.self).components(separatedBy: "\r\n")
        let first = lines[0].components(separatedBy: " ")
        var request = Request(method: first[0], path: first[1])
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":")!
            request.headers[line[..<colon].lowercased()] = String(
                line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
        request.body = Array(bytes[(end! + 4)...])
        while request.body.count < length {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            request.body += piece[..<count]
        }
        return request
    }

    /// - Returns: whether the connection goes on.
    private static func send(_ response: Response, isHead: Bool, to connection: Int32) -> Bool {
        guard !response.isSilent else { return false }
        var head = "HTTP/1.1 \(response.status) -\r\n"
        head += "Content-Length: \(response.promisedLength ?? response.body.count)\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        let count = response.resetsAfter ?? (response.stalls ? response.body.count / 2 : response.body.count)
        let bytes = Array((head + "\r\n").utf8) + (isHead ? [] : response.body.prefix(count))
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        if response.stalls {
            var byte: UInt8 = 0
            _ = recv(connection, &byte, 1, 0)
            return false
        }
        if response.resetsAfter != nil {
            // Closing with this option sends a reset instead of an end.
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            return false
        }
        return response.promisedLength == nil
    }
}
