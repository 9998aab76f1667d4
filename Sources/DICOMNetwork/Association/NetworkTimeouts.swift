/// How long one side waits for the other. Until an association is asked for, a connection that stays silent costs a
/// socket for that long and no thread; an association has one until it ends.
public struct NetworkTimeouts: Sendable, Hashable {
    /// For a connection to be made.
    public var connection: Duration = .seconds(10)
    /// For an association to be asked for, answered or closed (ARTIM, PS3.8 section 9.1.5).
    public var association: Duration = .seconds(10)
    /// For the next PDU while the other side has the word, and for it to take what it is sent.
    public var idle: Duration = .seconds(60)
    /// For the answer to a message: the other side may have to search or to wait for its disk.
    public var answer: Duration = .seconds(300)

    public init() {}
}
