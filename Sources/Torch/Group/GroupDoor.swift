import Foundation

/// A process of the group as rank 0 knows it, or rank 0 as the others know it.
struct GroupMember {
    let rank: Int
    /// Its machine's own name and its address.
    let host: String
    let socket: GroupSocket
    var inbox = GroupInbox()
    var lastHeard = ContinuousClock.now
    var hasLeft = false
}

/// How the processes of a group find each other, before a tensor travels.
///
/// Rank 0 listens at the group's address, the others come there and say who they are. Nobody is let in who has
/// another idea of the group; when not all come in time, all are told who is missing.
struct GroupDoor {
    /// All others for rank 0; rank 0 alone for the others.
    var members: [GroupMember]
    /// Of rank 0, which turns late comers away.
    let listener: GroupSocket?
    /// The address of this process's end of the group's network.
    let ownAddress: String
    /// Of rank 0 as seen from here, and the port for the exchange of addresses.
    let storeAddress: String, storePort: Int
    /// Bound, of rank 0.
    let store: GroupSocket?

    static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func open(_ place: GroupPlace) throws -> GroupDoor {
        let deadline = ContinuousClock.now + place.patience
        return place.rank == 0 ? try host(place, until: deadline) : try join(place, until: deadline)
    }

    static func failure(_ place: GroupPlace, _ text: String) -> TorchError {
        TorchError(
            code: .groupFailed, place: "\(place.address):\(place.port), rank \(place.rank) of \(place.count)",
            remedy: text)
    }

    private static func addresses(_ place: GroupPlace) throws -> [GroupSocket.Address] {
        switch GroupSocket.resolve(place.address, port: place.port) {
        case .success(let addresses): return addresses
        case .failure(let error):
            throw failure(
                place,
                "MASTER_ADDR leads to no address (\(error.text)). "
                    + "Give a name or a number that all machines know.")
        }
    }

    // MARK: Rank 0

    private static func host(_ place: GroupPlace, until deadline: ContinuousClock.Instant) throws -> GroupDoor {
        let addresses = try addresses(place)
        guard
            let (address, listener) = addresses.lazy.compactMap({ address in
                GroupSocket.bound(to: address, listens: true).map { (address, $0) }
            }).first
        else {
            switch errno {
            case EADDRINUSE:
                throw failure(
                    place,
                    "The port is in use: another process of rank 0 or another program listens there. "
                        + "Give another MASTER_PORT to all processes.")
            case EADDRNOTAVAIL:
                throw failure(
                    place, "MASTER_ADDR is not an address of this machine: rank 0 runs on the machine that has it."
                )
            default: throw failure(place, "Cannot listen there: \(String(cString: strerror(errno))).")
            }
        }
        var members: [GroupMember] = []
        var strangers: [GroupMember] = []
        while members.count < place.count - 1 {
            let left = deadline - .now
            guard left > .zero else {
                let missing = Set(1..<place.count).subtracting(members.map(\.rank)).sorted()
                let text =
                    "\(members.count + 1) of \(place.count) came in \(place.patience.inSeconds); missing: rank "
                    + missing.prefix(20).map(String.init).joined(separator: ", ") + ". "
                    + "Start the others with this MASTER_ADDR and MASTER_PORT" + Self.loopbackNote(listener)
                for member in members { member.socket.send(.refused(text)) }
                throw failure(place, text)
            }
            let ready = GroupSocket.ready(
                [listener] + (members + strangers).map(\.socket), within: min(left, .seconds(1)))
            if ready.contains(listener.descriptor), let socket = listener.accepted() {
                strangers.append(GroupMember(rank: -1, host: socket.name(ofPeer: true).address, socket: socket))
            }
            // One that goes again before all have come may be started anew.
            members.removeAll { ready.contains($0.socket.descriptor) && hasEnded($0.socket) }
            strangers = try strangers.filter { stranger in
                guard ready.contains(stranger.socket.descriptor) else {
                    return ContinuousClock.now - stranger.lastHeard < .seconds(10)
                }
                // One message that fits into a packet: it comes at once or is none.
                guard case .bytes(let bytes) = stranger.socket.receive() else { return false }
                var inbox = GroupInbox()
                inbox.add(bytes)
                guard case .hello(let hello) = try? inbox.next() else { return false }
                let host = "\(hello.host) (\(stranger.host))"
                if let problem = problem(with: hello, from: host, place, members) {
                    for member in members { member.socket.send(.refused(problem)) }
                    stranger.socket.send(.refused(problem))
                    throw failure(place, problem)
                }
                members.append(GroupMember(rank: hello.rank, host: host, socket: stranger.socket))
                return false
            }
        }
        // At the same address as the door, at a port of the system's choice.
        guard let store = storeSocket(address) else {
            throw failure(place, "Cannot listen there: \(String(cString: strerror(errno))).")
        }
        let port = store.name().port
        for index in members.indices {
            members[index].lastHeard = .now
            members[index].socket.send(.welcome(port: port))
        }
        let own = listener.name().address
        return GroupDoor(
            members: members, listener: listener, ownAddress: own, storeAddress: own, storePort: port, store: store
        )
    }

    private static func storeSocket(_ address: GroupSocket.Address) -> GroupSocket? {
        var bytes = address.bytes
        (bytes[2], bytes[3]) = (0, 0)  // The port, in both families.
        return GroupSocket.bound(to: .init(bytes: bytes, family: address.family), listens: false)
    }

    private static func hasEnded(_ socket: GroupSocket) -> Bool {
        if case .end = socket.receive() { true } else { false }
    }

    private static func loopbackNote(_ listener: GroupSocket) -> String {
        let own = listener.name().address
        return own.hasPrefix("127.") || own == "::1"
            ? "; here it leads to \(own), which only processes of this machine reach." : "."
    }

    /// What is wrong with one who comes; nil when it belongs here.
    static func problem(
        with hello: GroupMessage.Hello, from host: String, _ place: GroupPlace, _ members: [GroupMember]
    ) -> String? {
        if hello.name != GroupMessage.Hello.protocolName || hello.version != place.version {
            return "\(host) runs another version of Lightbox (\(hello.version), rank 0 has \(place.version)). "
                + "Install the same on all machines."
        }
        if hello.count != place.count {
            return "\(host) was started with WORLD_SIZE=\(hello.count), rank 0 with \(place.count). "
                + "Give all processes the same."
        }
        if hello.rank == 0 || !(1..<place.count).contains(hello.rank) {
            return "\(host) came as rank \(hello.rank). Give each process its own RANK, 0 to \(place.count - 1)."
        }
        if let other = members.first(where: { $0.rank == hello.rank }) {
            return
                "Rank \(hello.rank) came twice, from \(other.host) and from \(host). Give each process its own RANK."
        }
        return nil
    }

    // MARK: The others

    private static func join(_ place: GroupPlace, until deadline: ContinuousClock.Instant) throws -> GroupDoor {
        let socket = try connected(place, until: deadline)
        socket.send(
            .hello(.init(rank: place.rank, count: place.count, version: place.version, host: hostName)))
        var inbox = GroupInbox()
        let address = socket.name(ofPeer: true).address
        // Rank 0 may have begun to wait later.
        while ContinuousClock.now < deadline + place.patience {
            guard !GroupSocket.ready([socket], within: .seconds(1)).isEmpty else { continue }
            switch socket.receive() {
            case .nothing: continue
            case .end:
                let host = "\(place.address) (\(address))"
                throw GroupLoss(rank: 0, host: host, problem: "Its process ended before all had come.").error
            case .bytes(let bytes): inbox.add(bytes)
            }
            guard let message = try? inbox.next() else { continue }
            switch message {
            case .welcome(let port):
                let first = GroupMember(
                    rank: 0, host: "\(place.address) (\(address))", socket: socket, inbox: inbox)
                return GroupDoor(
                    members: [first], listener: nil, ownAddress: socket.name().address, storeAddress: address,
                    storePort: port, store: nil)
            case .refused(let text): throw failure(place, text)
            default: throw failure(place, "What answers there is not rank 0 of a group.")
            }
        }
        throw failure(place, "Rank 0 answered, but did not begin in \(place.patience.inSeconds).")
    }

    private static func connected(_ place: GroupPlace, until deadline: ContinuousClock.Instant) throws
        -> GroupSocket
    {
        // A name may become known a moment after the machines have started.
        let resolvedBy = min(deadline, ContinuousClock.now + .seconds(15))
        while true {
            switch GroupSocket.resolve(place.address, port: place.port) {
            case .success(let addresses):
                for address in addresses {
                    if let socket = GroupSocket.connected(to: address, within: .seconds(5)) { return socket }
                }
            case .failure where ContinuousClock.now < resolvedBy: break
            case .failure: _ = try addresses(place)
            }
            guard ContinuousClock.now < deadline else {
                throw failure(
                    place,
                    "Rank 0 does not answer in \(place.patience.inSeconds). See that it runs, and that no "
                        + "firewall stands between the machines: all ports of the group's network must be open.")
            }
            Thread.sleep(forTimeInterval: 0.2)
        }
    }
}

extension Duration {
    /// "20 s"
    var inSeconds: String { "\(Int((self / .seconds(1)).rounded())) s" }
}
