package import NIOCore

extension PDU {
    /// The bytes of the PDU, head and all.
    package var encoded: ByteBuffer {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return buffer
    }

    package func write(to buffer: inout ByteBuffer) {
        buffer.writeInteger(type.rawValue)
        buffer.writeInteger(UInt8(0))
        buffer.writeLengthPrefixed(as: UInt32.self) { body in
            switch self {
            case .associateRequest(let request): request.write(to: &body)
            case .associateAccept(let accept): accept.write(to: &body)
            case .associateReject(let reject):
                body.writeBytes([0, reject.isPermanent ? 1 : 2, reject.source, reject.reason])
            case .data(let values): for value in values { value.write(to: &body) }
            case .releaseRequest, .releaseReply: body.writeInteger(UInt32(0))
            case .abort(let reason): body.writeBytes([0, 0, reason.source, reason.reason])
            }
        }
    }

    enum Kind: UInt8 {
        case associateRequest = 1
        case associateAccept, associateReject, data, releaseRequest, releaseReply, abort
    }

    var type: Kind {
        switch self {
        case .associateRequest: .associateRequest
        case .associateAccept: .associateAccept
        case .associateReject: .associateReject
        case .data: .data
        case .releaseRequest: .releaseRequest
        case .releaseReply: .releaseReply
        case .abort: .abort
        }
    }
}

extension PresentationDataValue {
    /// Bytes of a value beside its content: length, context, message control header.
    static let overhead = 6

    func write(to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(bytes.readableBytes + 2))
        buffer.writeInteger(contextID)
        buffer.writeInteger(UInt8(isCommand ? 1 : 0) | UInt8(isLast ? 2 : 0))
        buffer.writeImmutableBuffer(bytes)
    }
}

/// The types of items and sub-items (PS3.8 section 9.3, PS3.7 annex D.3.3).
package enum ItemType: UInt8, Sendable {
    case applicationContext = 0x10
    case presentationContext = 0x20
    case presentationAnswer = 0x21
    case abstractSyntax = 0x30
    case transferSyntax = 0x40
    case userInformation = 0x50
    case maximumLength = 0x51
    case implementationClass = 0x52
    case window = 0x53
    case role = 0x54
    case implementationVersion = 0x55
    case extended = 0x56
}

extension Associate {
    fileprivate func write(to buffer: inout ByteBuffer) {
        buffer.writeAssociateHead(protocolVersion, called: calledTitle, calling: callingTitle)
        buffer.writeItem(.applicationContext) { $0.writeString(applicationContext) }
        for context in contexts { buffer.writeItem(Context.itemType) { context.write(to: &$0) } }
        user.write(to: &buffer)
    }
}

extension PresentationProposal: PresentationContextItem {
    package static let itemType = ItemType.presentationContext

    package func write(to buffer: inout ByteBuffer) {
        buffer.writeBytes([id, 0, 0, 0])
        buffer.writeItem(.abstractSyntax) { $0.writeString(abstractSyntax) }
        for syntax in transferSyntaxes { buffer.writeItem(.transferSyntax) { $0.writeString(syntax) } }
    }
}

extension PresentationAnswer: PresentationContextItem {
    package static let itemType = ItemType.presentationAnswer

    package func write(to buffer: inout ByteBuffer) {
        buffer.writeBytes([id, 0, result.rawValue, 0])
        buffer.writeItem(.transferSyntax) { $0.writeString(transferSyntax) }
    }
}

extension UserInformation {
    fileprivate func write(to buffer: inout ByteBuffer) {
        buffer.writeItem(.userInformation) { item in
            item.writeItem(.maximumLength) { $0.writeInteger(maximumLength) }
            item.writeItem(.implementationClass) { $0.writeString(implementationClassUID) }
            if let window {
                item.writeItem(.window) { $0.writeMultipleIntegers(window.invoked, window.performed) }
            }
            for role in roles {
                item.writeItem(.role) { sub in
                    sub.writeLengthPrefixed(as: UInt16.self) { $0.writeString(role.sopClass) }
                    sub.writeBytes([role.isUser ? 1 : 0, role.isProvider ? 1 : 0])
                }
            }
            if let implementationVersionName {
                item.writeItem(.implementationVersion) { $0.writeString(implementationVersionName) }
            }
            for entry in extended {
                item.writeItem(.extended) { sub in
                    sub.writeLengthPrefixed(as: UInt16.self) { $0.writeString(entry.sopClass) }
                    sub.writeBytes(entry.information)
                }
            }
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeItem(_ type: ItemType, _ body: (inout ByteBuffer) -> Void) {
        writeInteger(type.rawValue)
        writeInteger(UInt8(0))
        writeLengthPrefixed(as: UInt16.self, body)
    }

    /// Writes what `body` writes behind its length.
    ///
    /// - Precondition: it fits the number.
    fileprivate mutating func writeLengthPrefixed<Number: FixedWidthInteger>(
        as type: Number.Type, _ body: (inout ByteBuffer) -> Void
    ) {
        let place = writerIndex
        writeInteger(Number(0))
        body(&self)
        setInteger(Number(writerIndex - place - MemoryLayout<Number>.size), at: place)
    }

    fileprivate mutating func writeAssociateHead(_ version: UInt16, called: String, calling: String) {
        writeInteger(version)
        writeInteger(UInt16(0))
        for title in [called, calling] {
            let bytes = Array(title.utf8.prefix(16))
            writeBytes(bytes + Array(repeating: UInt8(ascii: " "), count: 16 - bytes.count))
        }
        writeRepeatingByte(0, count: 32)
    }
}
