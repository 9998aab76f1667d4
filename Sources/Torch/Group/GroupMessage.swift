import Foundation

/// What the processes of a group say to each other beside the tensors: JSON behind its length in four bytes, big
/// end first.
enum GroupMessage: Codable, Equatable {
    /// Who comes.
    struct Hello: Codable, Equatable {
        static let protocolName = "lightbox group 1"
        var name = Self.protocolName
        var rank: Int
        var count: Int
        var version: String
        var host: String
    }

    /// The first word of each process to rank 0.
    case hello(Hello)
    /// All have come; the tensors' addresses are exchanged at this port.
    case welcome(port: Int)
    /// This process cannot join, and why.
    case refused(String)
    /// A sign of life.
    case beat
    /// The process ends with this error.
    case failed(String)
    /// From rank 0 to all: who is gone, and how.
    case lost(GroupLoss)
    /// The process has done its part and goes.
    case farewell

    static let limit = 1 << 16

    var frame: [UInt8] {
        let text = (try? JSONEncoder().encode(self)) ?? Data()
        return withUnsafeBytes(of: UInt32(text.count).bigEndian, Array.init) + text
    }
}

/// Which process was lost, and what is known of its end.
struct GroupLoss: Codable, Equatable {
    var rank: Int
    /// Its machine, as it calls itself, and its address.
    var host: String
    var problem: String

    var error: TorchError {
        TorchError(
            code: .processLost, place: "rank \(rank) on \(host)",
            remedy: "\(problem) The run cannot go on without it and ends here. "
                + "Start all processes again with --resume: they go on from the last checkpoint.")
    }
}

/// Bytes that have come and are not yet a whole message.
struct GroupInbox {
    private var bytes: [UInt8] = []

    /// What came is no message of a group.
    struct Malformed: Error {}

    mutating func add(_ more: some Sequence<UInt8>) { bytes += more }

    /// The next whole message; nil until it has come.
    mutating func next() throws -> GroupMessage? {
        guard bytes.count >= 4 else { return nil }
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard (1...GroupMessage.limit).contains(length) else { throw Malformed() }
        guard bytes.count >= 4 + length else { return nil }
        let text = Data(bytes[4..<4 + length])
        bytes.removeFirst(4 + length)
        guard let message = try? JSONDecoder().decode(GroupMessage.self, from: text) else { throw Malformed() }
        return message
    }
}
