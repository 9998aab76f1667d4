package import NIOCore

/// The command of a message: group 0000 in Implicit VR Little Endian (PS3.7 section 6.3.1, annex E).
package struct CommandSet: Sendable, Equatable {
    /// Values by element number, padded to even length as they are sent; without the group's length.
    private var values: [UInt16: [UInt8]] = [:]

    /// What a message asks for or answers; an answer has the highest bit (PS3.7 table E.1-1).
    package struct Operation: RawRepresentable, Sendable, Hashable {
        package var rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let store = Self(rawValue: 0x0001)
        package static let get = Self(rawValue: 0x0010)
        package static let find = Self(rawValue: 0x0020)
        package static let move = Self(rawValue: 0x0021)
        package static let echo = Self(rawValue: 0x0030)
        package static let eventReport = Self(rawValue: 0x0100)
        package static let action = Self(rawValue: 0x0130)
        package static let cancel = Self(rawValue: 0x0fff)

        package var answer: Self { Self(rawValue: rawValue | 0x8000) }
        package var isAnswer: Bool { rawValue & 0x8000 != 0 }
    }

    package init() {}

    /// - Parameter hasDataSet: whether one follows.
    package init(_ operation: Operation, hasDataSet: Bool) {
        self.operation = operation
        self.hasDataSet = hasDataSet
    }

    // MARK: Bytes

    /// Reads a command; what it does not know it keeps.
    package init(bytes: [UInt8]) throws(CommandError) {
        var buffer = ByteBuffer(bytes: bytes)
        var last = -1
        while buffer.readableBytes > 0 {
            guard
                let (group, element) = buffer.readMultipleIntegers(endianness: .little, as: (UInt16, UInt16).self),
                let length = buffer.readInteger(endianness: .little, as: UInt32.self),
                let value = buffer.readBytes(length: Int(length))
            else { throw CommandError(description: "A command ends inside one of its attributes.") }
            guard group == 0, Int(element) > last else {
                throw CommandError(description: "A command holds an attribute that has no place in it.")
            }
            last = Int(element)
            if element != 0 { values[element] = value }
        }
    }

    package var encoded: ByteBuffer {
        var body = ByteBuffer()
        for (element, value) in values.sorted(by: { $0.key < $1.key }) {
            body.writeMultipleIntegers(
                UInt16(0), element, UInt32(value.count), endianness: .little,
                as: (UInt16, UInt16, UInt32).self)
            body.writeBytes(value)
        }
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(
            UInt32(0), UInt32(4), UInt32(body.readableBytes), endianness: .little,
            as: (UInt32, UInt32, UInt32).self)
        buffer.writeImmutableBuffer(body)
        return buffer
    }

    // MARK: Values

    package subscript(number element: UInt16) -> UInt16? {
        get {
            guard let value = values[element], value.count >= 2 else { return nil }
            return UInt16(value[0]) | UInt16(value[1]) << 8
        }
        set { values[element] = newValue.map { [UInt8($0 & 0xff), UInt8($0 >> 8)] } }
    }

    /// A UID, an AE title or a text, without its padding.
    package subscript(text element: UInt16) -> String? {
        get {
            guard var value = values[element]?[...] else { return nil }
            while let last = value.last, last == 0 || last == 0x20 { value.removeLast() }
            while value.first == 0x20 { value.removeFirst() }
            return value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
        }
        set {
            values[element] = newValue.map { text in
                let bytes = Array(text.utf8)
                let isUID = [0x0002, 0x0003, 0x1000, 0x1001].contains(element)
                return bytes.count & 1 == 0 ? bytes : bytes + [isUID ? 0 : 0x20]
            }
        }
    }
}

/// Bytes that are no command.
package struct CommandError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension CommandSet {
    package var operation: Operation {
        get { Operation(rawValue: self[number: 0x0100] ?? 0) }
        set { self[number: 0x0100] = newValue.rawValue }
    }

    package var hasDataSet: Bool {
        get { self[number: 0x0800] ?? Self.noDataSet != Self.noDataSet }
        set { self[number: 0x0800] = newValue ? 0x0001 : Self.noDataSet }
    }

    private static let noDataSet: UInt16 = 0x0101

    package var messageID: UInt16 {
        get { self[number: 0x0110] ?? 0 }
        set { self[number: 0x0110] = newValue }
    }

    package var answeredMessageID: UInt16? {
        get { self[number: 0x0120] }
        set { self[number: 0x0120] = newValue }
    }

    package var affectedSOPClass: String? {
        get { self[text: 0x0002] }
        set { self[text: 0x0002] = newValue }
    }

    package var requestedSOPClass: String? {
        get { self[text: 0x0003] }
        set { self[text: 0x0003] = newValue }
    }

    package var affectedSOPInstance: String? {
        get { self[text: 0x1000] }
        set { self[text: 0x1000] = newValue }
    }

    package var requestedSOPInstance: String? {
        get { self[text: 0x1001] }
        set { self[text: 0x1001] = newValue }
    }

    package var moveDestination: String? {
        get { self[text: 0x0600] }
        set { self[text: 0x0600] = newValue }
    }

    /// 0 medium, 1 high, 2 low.
    package var priority: UInt16? {
        get { self[number: 0x0700] }
        set { self[number: 0x0700] = newValue }
    }

    package var status: DIMSEStatus {
        get { DIMSEStatus(rawValue: self[number: 0x0900] ?? 0) }
        set { self[number: 0x0900] = newValue.rawValue }
    }

    /// At most 64 characters (LO).
    package var errorComment: String? {
        get { self[text: 0x0902] }
        set { self[text: 0x0902] = newValue.map { String(decoding: $0.utf8.prefix(64), as: UTF8.self) } }
    }

    package var eventType: UInt16? {
        get { self[number: 0x1002] }
        set { self[number: 0x1002] = newValue }
    }

    package var actionType: UInt16? {
        get { self[number: 0x1008] }
        set { self[number: 0x1008] = newValue }
    }

    package var moveOriginator: String? {
        get { self[text: 0x1030] }
        set { self[text: 0x1030] = newValue }
    }

    package var moveOriginatorMessageID: UInt16? {
        get { self[number: 0x1031] }
        set { self[number: 0x1031] = newValue }
    }

    /// How far a retrieval has come; nil where the command does not say.
    package var subOperations: SubOperations? {
        get {
            guard self[number: 0x1021] != nil || self[number: 0x1022] != nil else { return nil }
            return SubOperations(
                remaining: self[number: 0x1020].map(Int.init), completed: Int(self[number: 0x1021] ?? 0),
                failed: Int(self[number: 0x1022] ?? 0), warning: Int(self[number: 0x1023] ?? 0))
        }
        set {
            self[number: 0x1020] = newValue?.remaining.map { UInt16(clamping: $0) }
            self[number: 0x1021] = newValue.map { UInt16(clamping: $0.completed) }
            self[number: 0x1022] = newValue.map { UInt16(clamping: $0.failed) }
            self[number: 0x1023] = newValue.map { UInt16(clamping: $0.warning) }
        }
    }

    /// The answer to this message.
    package func answer(_ status: DIMSEStatus, hasDataSet: Bool = false, comment: String? = nil) -> CommandSet {
        var answer = CommandSet(operation.answer, hasDataSet: hasDataSet)
        answer.answeredMessageID = messageID
        answer.affectedSOPClass = affectedSOPClass ?? requestedSOPClass
        answer.affectedSOPInstance = affectedSOPInstance ?? requestedSOPInstance
        answer.status = status
        answer.errorComment = comment
        return answer
    }
}

/// How many instances a retrieval has sent, and how it went.
public struct SubOperations: Sendable, Hashable {
    /// nil where it is not told, as in a last answer.
    public var remaining: Int?
    public var completed = 0
    public var failed = 0
    public var warning = 0

    public init(remaining: Int? = nil, completed: Int = 0, failed: Int = 0, warning: Int = 0) {
        self.remaining = remaining
        self.completed = completed
        self.failed = failed
        self.warning = warning
    }
}
