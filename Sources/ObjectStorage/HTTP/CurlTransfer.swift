package import Foundation
import LightboxCore

/// One HTTP exchange after another by libcurl, over connections that stay open between them.
///
/// Used by one thread at a time.
package final class CurlTransfer: @unchecked Sendable {
    // Unchecked: handed from thread to thread, never shared.

    /// What a server answered.
    package struct Answer {
        package var head = HTTPHead()
        package var status = 0
        /// From the first byte sent on; nil when the server does not say.
        package var length: Int?
        /// libcurl's own code, 0 when all is well, and what it says of it.
        package var code = 0
        package var message = ""
    }

    /// How far a transfer may go. As it stands: wherever the server sends it, for as long as something comes.
    package struct Rules: Sendable {
        package var followsRedirects = true
        package var onlyHTTPS = false
        /// Of the whole transfer, in seconds; 0 for any time.
        package var seconds = 0
        package var secondsToConnect = 20
        /// A transfer slower than so many bytes a second for so many seconds breaks off.
        package var slowest = (bytes: 100, seconds: 60)
        /// Asked for the very address that is connected to, whatever name led there; nil allows all, and proxies.
        package var allows: (@Sendable (UnsafePointer<sockaddr>) -> Bool)?

        package init() {}
    }

    private typealias Receive = @convention(c) (UnsafeRawPointer?, Int, Int, UnsafeMutableRawPointer?) -> Int

    private let curl: CurlLibrary
    private let handle: OpaquePointer

    /// - Throws: ``ObjectError`` when the machine has no libcurl.
    package init() throws {
        curl = try CurlLibrary.shared.get()
        guard let handle = curl.create() else {
            throw ObjectError(.missingLibrary, at: "", "libcurl cannot begin a transfer.")
        }
        self.handle = handle
    }

    deinit { curl.release(handle) }

    /// Gets `url` from byte `start` on.
    ///
    /// - Parameter receive: takes each piece with the answer as known so far; false ends the transfer.
    package func get(
        _ url: String, from start: Int = 0, rules: Rules = Rules(),
        _ receive: (UnsafeRawBufferPointer, Answer) -> Bool
    ) -> Answer {
        let range = start > 0 ? [HTTPHeader("Range", "bytes=\(start)-")] : []
        return perform(HTTPRequest(url, headers: range), rules: rules, receive)
    }

    /// Sends a request and hands over the answer's body piece by piece.
    package func perform(
        _ request: HTTPRequest, rules: Rules = Rules(), _ receive: (UnsafeRawBufferPointer, Answer) -> Bool
    ) -> Answer {
        defer { curl.reset(handle) }
        let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: 256)
        errorText.initialize(repeating: 0, count: 256)
        defer { errorText.deallocate() }
        _ = curl.setPointer(handle, CurlOption.errorBuffer, errorText)
        apply(rules)
        let guardian = rules.allows.map { Guardian($0) }
        if let guardian { watch(guardian) }
        let list = describe(request)
        defer { curl.releaseList(list) }
        let code = withExtendedLifetime(guardian) {
            withBody(request.body) { run(request.url, receive) }
        }
        var result = answer(with: code.head)
        result.code = Int(code.code)
        result.message = String(cString: errorText)
        return result
    }

    private func apply(_ rules: Rules) {
        for (option, value) in CurlOption.usual { _ = curl.setLong(handle, option, value) }
        _ = curl.setLong(handle, CurlOption.followLocation, rules.followsRedirects ? 1 : 0)
        if rules.onlyHTTPS { _ = curl.setLong(handle, CurlOption.protocols, CurlOption.https) }
        if rules.seconds > 0 { _ = curl.setLong(handle, CurlOption.timeout, rules.seconds) }
        _ = curl.setLong(handle, CurlOption.connectTimeout, rules.secondsToConnect)
        _ = curl.setLong(handle, CurlOption.lowSpeedLimit, rules.slowest.bytes)
        _ = curl.setLong(handle, CurlOption.lowSpeedTime, rules.slowest.seconds)
    }

    /// Sets method and headers; gives the list of headers, which lives until the transfer ends.
    private func describe(_ request: HTTPRequest) -> OpaquePointer? {
        if request.method == "HEAD" {
            _ = curl.setLong(handle, CurlOption.noBody, 1)
        } else if request.method != "GET" || request.body != nil {
            _ = request.method.withCString { curl.setPointer(handle, CurlOption.customRequest, $0) }
        }
        // Without these two libcurl waits for "100 Continue", and calls every body a form.
        var lines = request.body == nil ? [] : ["Expect:"]
        if request.body != nil, !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        var list: OpaquePointer?
        for line in lines { list = curl.append(list, line) ?? list }
        _ = curl.setPointer(handle, CurlOption.headers, list.map { UnsafeRawPointer($0) })
        _ = "lightbox".withCString { curl.setPointer(handle, CurlOption.userAgent, $0) }
        return list
    }

    private func withBody<Result>(_ body: Bytes?, _ run: () -> Result) -> Result {
        guard let body else { return run() }
        return body.withUnsafeBytes { bytes in
            _ = curl.setLong(handle, CurlOption.postFieldSize, bytes.count)
            return withUnsafePointer(to: UInt8(0)) { nothing in
                _ = curl.setPointer(handle, CurlOption.postFields, bytes.baseAddress ?? UnsafeRawPointer(nothing))
                return run()
            }
        }
    }

    private func run(
        _ url: String, _ receive: (UnsafeRawBufferPointer, Answer) -> Bool
    ) -> (code: Int32, head: HTTPHead) {
        withoutActuallyEscaping(receive) { receive in
            let receiver = Receiver { receive($0, self.answer(with: $1)) }
            let takeBody: Receive = { bytes, size, count, receiver in
                let receiver = Unmanaged<Receiver>.fromOpaque(receiver!).takeUnretainedValue()
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return receiver.receive(piece, receiver.head) ? size * count : 0
            }
            let takeHeader: Receive = { bytes, size, count, receiver in
                let receiver = Unmanaged<Receiver>.fromOpaque(receiver!).takeUnretainedValue()
                receiver.take(line: UnsafeRawBufferPointer(start: bytes, count: size * count))
                return size * count
            }
            let data = Unmanaged.passUnretained(receiver).toOpaque()
            _ = curl.setPointer(
                handle, CurlOption.writeFunction, unsafeBitCast(takeBody, to: UnsafeRawPointer.self))
            _ = curl.setPointer(handle, CurlOption.writeData, data)
            _ = curl.setPointer(
                handle, CurlOption.headerFunction, unsafeBitCast(takeHeader, to: UnsafeRawPointer.self))
            _ = curl.setPointer(handle, CurlOption.headerData, data)
            return withExtendedLifetime(receiver) {
                let code = url.withCString { url in
                    _ = curl.setPointer(handle, CurlOption.url, url)
                    return curl.perform(handle)
                }
                return (code, receiver.head)
            }
        }
    }

    private func answer(with head: HTTPHead) -> Answer {
        var (status, length) = (0, -1)
        _ = curl.getLong(handle, CurlOption.responseCode, &status)
        _ = curl.getLong(handle, CurlOption.contentLength, &length)
        var head = head
        head.status = status
        return Answer(head: head, status: status, length: length < 0 ? nil : length)
    }

    private final class Receiver {
        let receive: (UnsafeRawBufferPointer, HTTPHead) -> Bool
        var head = HTTPHead()

        init(_ receive: @escaping (UnsafeRawBufferPointer, HTTPHead) -> Bool) { self.receive = receive }

        /// A line of an answer's head. A status begins another answer: behind a redirect, or behind "100 Continue".
        func take(line: UnsafeRawBufferPointer) {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("HTTP/") {
                head = HTTPHead()
            } else if let colon = text.firstIndex(of: ":"), head.headers.count < 200 {
                let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
                head.headers[text[..<colon].lowercased()] = value
            }
        }
    }
}

extension CurlTransfer {
    /// Lets `guardian` see every address before anything is sent to it; no proxy comes between.
    private func watch(_ guardian: Guardian) {
        typealias Open =
            @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafeMutableRawPointer?) -> Int32
        let open: Open = { guardian, _, destination in
            guard let guardian, let destination else { return -1 }
            let allows = Unmanaged<Guardian>.fromOpaque(guardian).takeUnretainedValue().allows
            // The address stands behind the four numbers.
            let address = destination.advanced(by: MemoryLayout<Destination>.stride)
            guard allows(address.assumingMemoryBound(to: sockaddr.self)) else { return -1 }
            let wanted = destination.assumingMemoryBound(to: Destination.self).pointee
            return socket(wanted.family, wanted.type, wanted.protocol)
        }
        _ = "*".withCString { curl.setPointer(handle, CurlOption.noProxy, $0) }
        _ = curl.setPointer(
            handle, CurlOption.openSocketFunction, unsafeBitCast(open, to: UnsafeRawPointer.self))
        _ = curl.setPointer(
            handle, CurlOption.openSocketData, Unmanaged.passUnretained(guardian).toOpaque())
    }

    private final class Guardian {
        let allows: @Sendable (UnsafePointer<sockaddr>) -> Bool
        init(_ allows: @escaping @Sendable (UnsafePointer<sockaddr>) -> Bool) { self.allows = allows }
    }

    /// The head of `struct curl_sockaddr`; a `struct sockaddr` follows.
    private struct Destination {
        var family: Int32
        var type: Int32
        var `protocol`: Int32
        var length: UInt32
    }
}
