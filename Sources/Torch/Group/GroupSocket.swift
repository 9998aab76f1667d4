import Foundation

/// One TCP connection or listener of a group, closed with its last owner.
///
/// Reads and writes never wait; messages are so small that they fit into the kernel's buffer.
final class GroupSocket: @unchecked Sendable {
    // Unchecked: the descriptor never changes, and the kernel orders calls on it.
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// An address that a name leads to.
    struct Address {
        let bytes: [UInt8]
        let family: Int32

        func with<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
            bytes.withUnsafeBytes {
                body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
        }
    }

    /// - Returns: the addresses, or the resolver's words.
    static func resolve(_ host: String, port: Int) -> Result<[Address], ResolverError> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else { return .failure(ResolverError(text: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(found) }
        var addresses: [Address] = []
        var next = found
        while let entry = next?.pointee {
            let bytes = UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen))
            addresses.append(Address(bytes: Array(bytes), family: entry.ai_family))
            next = entry.ai_next
        }
        return .success(addresses)
    }

    struct ResolverError: Error { let text: String }

    /// Bound to an address; waits for connections when `listens`.
    ///
    /// - Returns: nil, with the reason in `errno`, when that is not possible.
    static func bound(to address: Address, listens: Bool) -> GroupSocket? {
        guard let made = make(address.family) else { return nil }
        var yes: Int32 = 1
        setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard address.with({ bind(made.descriptor, $0, $1) }) == 0 else { return nil }
        guard !listens || listen(made.descriptor, 128) == 0 else { return nil }
        return made
    }

    /// - Returns: nil when nobody answers within the time.
    static func connected(to address: Address, within limit: Duration) -> GroupSocket? {
        guard let made = make(address.family) else { return nil }
        if address.with({ connect(made.descriptor, $0, $1) }) == 0 { return made }
        guard errno == EINPROGRESS else { return nil }
        var waiting = pollfd(fd: made.descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, Int32(limit / .milliseconds(1))) == 1 else { return nil }
        var problem: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(made.descriptor, SOL_SOCKET, SO_ERROR, &problem, &length)
        return problem == 0 ? made : nil
    }

    func accepted() -> GroupSocket? {
        let made = accept(descriptor, nil, nil)
        guard made >= 0 else { return nil }
        Self.prepare(made)
        return GroupSocket(made)
    }

    private static func make(_ family: Int32) -> GroupSocket? {
        let made = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard made >= 0 else { return nil }
        prepare(made)
        return GroupSocket(made)
    }

    private static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// The number of this end's address, or of the other's, and the port.
    func name(ofPeer: Bool = false) -> (address: String, port: Int) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: 256)
        var service = [CChar](repeating: 0, count: 32)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let status =
                    ofPeer
                    ? getpeername(descriptor, address, &length) : getsockname(descriptor, address, &length)
                guard status == 0 else { return status }
                return getnameinfo(
                    address, length, &host, 256, &service, 32, NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        guard status == 0 else { return ("an unknown address", 0) }
        func text(_ characters: [CChar]) -> String {
            String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return (text(host), Int(text(service)) ?? 0)
    }

    /// One message, whole or not at all for what the group cares: who cannot take it is lost soon anyway.
    func send(_ message: GroupMessage) {
        let frame = message.frame
        _ = Foundation.send(descriptor, frame, frame.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }

    enum Received {
        case bytes([UInt8])
        case nothing, end
    }

    func receive() -> Received {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { return .bytes(Array(buffer.prefix(count))) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
    }

    /// Those of the sockets on which something has come, at most after `limit`.
    static func ready(_ sockets: [GroupSocket], within limit: Duration) -> Set<Int32> {
        var waiting = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        guard poll(&waiting, nfds_t(waiting.count), Int32(limit / .milliseconds(1))) > 0 else { return [] }
        return Set(waiting.filter { $0.revents != 0 }.map(\.fd))
    }
}
