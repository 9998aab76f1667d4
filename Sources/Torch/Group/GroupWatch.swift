import Foundation

/// Watches over a group while it works: every process says every second that it lives, and rank 0 tells all others
/// when one ends, fails or falls silent.
///
/// Runs on a thread of its own, so that a long step, a validation or a checkpoint is no silence.
final class GroupWatch: @unchecked Sendable {
    // Unchecked: everything that changes is touched only with `lock` held.
    private let lock = NSLock()
    private let place: GroupPlace
    private let listener: GroupSocket?
    private let ring: @Sendable () -> Void
    private var members: [GroupMember]
    private var found: GroupLoss?
    private var hasLeft = false

    /// - Parameter ring: called once, on any thread, when a process is lost.
    init(_ door: GroupDoor, _ place: GroupPlace, ring: @escaping @Sendable () -> Void) {
        self.place = place
        self.ring = ring
        listener = door.listener
        members = door.members
        let thread = Thread { [self] in watch() }
        thread.name = "group watch"
        thread.start()
    }

    /// The process that was lost; nil as long as all are well.
    var loss: GroupLoss? { lock.withLock { found } }

    /// Waits for the verdict after a collective call has failed: the tensors' connections may break first.
    func awaitLoss() -> GroupLoss? {
        let deadline = ContinuousClock.now + place.silence + .seconds(3)
        while ContinuousClock.now < deadline {
            if let loss { return loss }
            if lock.withLock({ hasLeft || members.allSatisfy(\.hasLeft) }) { return nil }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return nil
    }

    /// Says that this process has done its part.
    func leave() {
        lock.withLock {
            if !hasLeft && found == nil { for member in members { member.socket.send(.farewell) } }
            hasLeft = true
        }
    }

    /// Says that this process ends with an error.
    func fail(_ text: String) {
        lock.withLock {
            guard !hasLeft, found == nil else { return }
            let text = String(text.prefix(2000))
            let loss = GroupLoss(rank: 0, host: place.address, problem: Self.ended(text))
            for member in members { member.socket.send(place.rank == 0 ? .lost(loss) : .failed(text)) }
            hasLeft = true
        }
    }

    private static func ended(_ text: String) -> String { "It ended with this error: \(text)\n" }

    private func watch() {
        var (lastBeat, lastLook) = (ContinuousClock.now, ContinuousClock.now)
        while !lock.withLock({ hasLeft }) {
            let sockets = lock.withLock { members.filter { !$0.hasLeft }.map(\.socket) }
            let ready = GroupSocket.ready(sockets + (listener.map { [$0] } ?? []), within: .milliseconds(200))
            let now = ContinuousClock.now
            lock.withLock {
                // Who was stopped or asleep has no right to call the others silent.
                if now - lastLook > place.silence / 4 {
                    for index in members.indices { members[index].lastHeard = now }
                }
                lastLook = now
                if now - lastBeat >= .seconds(1) {
                    lastBeat = now
                    for member in members where !member.hasLeft { member.socket.send(.beat) }
                }
                for index in members.indices where !members[index].hasLeft { hear(index, ready, now) }
            }
            if let listener, ready.contains(listener.descriptor) { turnAway(listener) }
        }
    }

    private func hear(_ index: Int, _ ready: Set<Int32>, _ now: ContinuousClock.Instant) {
        if now - members[index].lastHeard > place.silence {
            return lost(
                index,
                "There was no sign of life for \(place.silence.inSeconds): its machine or the network is down, or it was stopped."
            )
        }
        guard ready.contains(members[index].socket.descriptor) else { return }
        var isAtEnd = false
        switch members[index].socket.receive() {
        case .bytes(let bytes):
            members[index].lastHeard = now
            members[index].inbox.add(bytes)
        case .end: isAtEnd = true
        case .nothing: return
        }
        do {
            while let message = try members[index].inbox.next() { take(message, from: index) }
        } catch {
            return lost(index, "What it sent is no message of a group.")
        }
        if isAtEnd && !members[index].hasLeft { lost(index, "Its process has ended.") }
    }

    private func take(_ message: GroupMessage, from index: Int) {
        switch message {
        case .farewell: members[index].hasLeft = true
        case .failed(let text): lost(index, Self.ended(text))
        case .lost(let loss) where place.rank != 0:
            members[index].hasLeft = true
            settle(loss)
        default: break
        }
    }

    private func lost(_ index: Int, _ problem: String) {
        members[index].hasLeft = true
        settle(GroupLoss(rank: members[index].rank, host: members[index].host, problem: problem))
    }

    /// The first loss counts: what follows comes from it.
    private func settle(_ loss: GroupLoss) {
        guard found == nil else { return }
        found = loss
        if place.rank == 0 { for member in members where !member.hasLeft { member.socket.send(.lost(loss)) } }
        ring()
    }

    /// One who comes after the group has begun learns why it cannot join.
    private func turnAway(_ listener: GroupSocket) {
        guard let late = listener.accepted() else { return }
        guard !GroupSocket.ready([late], within: .milliseconds(500)).isEmpty,
            case .bytes(let bytes) = late.receive()
        else { return }
        var inbox = GroupInbox()
        inbox.add(bytes)
        guard case .hello(let hello) = try? inbox.next() else { return }
        let host = "\(hello.host) (\(late.name(ofPeer: true).address))"
        let members = lock.withLock { self.members }
        late.send(
            .refused(
                GroupDoor.problem(with: hello, from: host, place, members)
                    ?? "The group is complete and at work already."))
    }
}
