package import NIOCore

extension PDU {
    /// Reads a PDU's content.
    ///
    /// - Parameters:
    ///   - type: of the head.
    ///   - body: exactly the bytes behind the head.
    package init(type: UInt8, body: ByteBuffer) throws(PDUError) {
        var body = body
        switch Kind(rawValue: type) {
        case .associateRequest: self = .associateRequest(try AssociateRequest(&body))
        case .associateAccept: self = .associateAccept(try AssociateAccept(&body))
        case .associateReject:
            let field = try body.field(4)
            self = .associateReject(
                AssociateReject(isPermanent: field[1] != 2, source: field[2], reason: field[3]))
        case .data: self = .data(try Self.values(&body))
        case .releaseRequest: self = .releaseRequest
        case .releaseReply: self = .releaseReply
        case .abort:
            let field = try body.field(4)
            self = .abort(AbortReason(source: field[2], reason: field[3]))
        case nil: throw PDUError(.unrecognizedPDU, "There is no PDU of type \(type).")
        }
    }

    private static func values(_ body: inout ByteBuffer) throws(PDUError) -> [PresentationDataValue] {
        var values: [PresentationDataValue] = []
        while body.readableBytes > 0 {
            guard let length = body.readInteger(as: UInt32.self), length >= 2,
                var value = body.readSlice(length: Int(length)), let id = value.readInteger(as: UInt8.self),
                let header = value.readInteger(as: UInt8.self)
            else { throw .tooShort }
            values.append(
                PresentationDataValue(
                    contextID: id, isCommand: header & 1 != 0, isLast: header & 2 != 0, bytes: value))
        }
        return values
    }
}

extension Associate {
    fileprivate init(_ body: inout ByteBuffer) throws(PDUError) {
        let head = try AssociateHead(&body)
        self.init(
            calledTitle: head.called, callingTitle: head.calling, contexts: [],
            user: UserInformation(
                maximumLength: 0, implementationClassUID: "", implementationVersionName: nil))
        protocolVersion = head.version
        applicationContext = ""
        while var item = try body.item() {
            switch item.type {
            case .applicationContext: applicationContext = item.bytes.text
            case Context.itemType:
                // Their numbers are odd and below 256.
                guard contexts.count < 128 else {
                    throw PDUError(.invalidParameterValue, "More than 128 services are named.")
                }
                contexts.append(try Context(&item.bytes))
            case .userInformation: user = try UserInformation(&item.bytes)
            default: break  // PS3.8 section 9.3.1: what is not known is passed over
            }
        }
    }
}

extension PresentationProposal {
    package init(_ bytes: inout ByteBuffer) throws(PDUError) {
        id = try bytes.field(4)[0]
        abstractSyntax = ""
        transferSyntaxes = []
        while let item = try bytes.item() {
            switch item.type {
            case .abstractSyntax: abstractSyntax = item.bytes.text
            case .transferSyntax: transferSyntaxes.append(item.bytes.text)
            default: break
            }
        }
    }
}

extension PresentationAnswer {
    package init(_ bytes: inout ByteBuffer) throws(PDUError) {
        let field = try bytes.field(4)
        id = field[0]
        result = Result(rawValue: field[2]) ?? .noReason
        transferSyntax = ""
        while let item = try bytes.item() {
            if item.type == .transferSyntax { transferSyntax = item.bytes.text }
        }
    }
}

extension UserInformation {
    fileprivate init(_ bytes: inout ByteBuffer) throws(PDUError) {
        self.init(maximumLength: 0, implementationClassUID: "", implementationVersionName: nil)
        while var item = try bytes.item() {
            switch item.type {
            case .maximumLength: maximumLength = try item.bytes.number(UInt32.self)
            case .implementationClass: implementationClassUID = item.bytes.text
            case .implementationVersion: implementationVersionName = item.bytes.text
            case .window:
                window = Window(
                    invoked: try item.bytes.number(UInt16.self), performed: try item.bytes.number(UInt16.self))
            case .role:
                let sopClass = try item.bytes.lengthPrefixedText()
                let field = try item.bytes.field(2)
                roles.append(Role(sopClass: sopClass, isUser: field[0] == 1, isProvider: field[1] == 1))
            case .extended:
                let sopClass = try item.bytes.lengthPrefixedText()
                extended.append(
                    Extended(sopClass: sopClass, information: Array(item.bytes.readableBytesView)))
            default: break
            }
        }
    }
}

private struct AssociateHead {
    let version: UInt16
    let called: String
    let calling: String

    init(_ body: inout ByteBuffer) throws(PDUError) {
        version = try body.number(UInt16.self)
        _ = try body.field(2)
        guard let called = body.readSlice(length: 16), let calling = body.readSlice(length: 16) else {
            throw .tooShort
        }
        self.called = called.title
        self.calling = calling.title
        _ = try body.field(32)
    }
}

private struct Item {
    let type: ItemType?
    var bytes: ByteBuffer
}

extension ByteBuffer {
    /// The next item, nil at the end.
    fileprivate mutating func item() throws(PDUError) -> Item? {
        guard readableBytes > 0 else { return nil }
        let head = try field(2)
        guard let length = readInteger(as: UInt16.self), let bytes = readSlice(length: Int(length)) else {
            throw .tooShort
        }
        return Item(type: ItemType(rawValue: head[0]), bytes: bytes)
    }

    fileprivate mutating func field(_ count: Int) throws(PDUError) -> [UInt8] {
        guard let bytes = readBytes(length: count) else { throw .tooShort }
        return bytes
    }

    fileprivate mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(PDUError) -> Number {
        guard let number = readInteger(as: type) else { throw .tooShort }
        return number
    }

    fileprivate mutating func lengthPrefixedText() throws(PDUError) -> String {
        guard let length = readInteger(as: UInt16.self), let bytes = readSlice(length: Int(length)) else {
            throw .tooShort
        }
        return bytes.text
    }

    /// A UID or a name: without the zeros and spaces that some devices pad it with; other than ASCII is replaced.
    fileprivate var text: String {
        var bytes = readableBytesView[...]
        while let last = bytes.last, last == 0 || last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    fileprivate var title: String {
        String(text.drop { $0 == " " })
    }
}
