package import NIOCore

/// A protocol data unit of the DICOM upper layer (PS3.8 section 9.3).
package enum PDU: Sendable, Equatable {
    case associateRequest(AssociateRequest)
    case associateAccept(AssociateAccept)
    case associateReject(AssociateReject)
    case data([PresentationDataValue])
    case releaseRequest
    case releaseReply
    case abort(AbortReason)
}

/// A piece of a message: of its command or of its data set (PS3.8 annex E.2).
package struct PresentationDataValue: Sendable, Equatable {
    package var contextID: UInt8
    package var isCommand: Bool
    package var isLast: Bool
    package var bytes: ByteBuffer

    package init(contextID: UInt8, isCommand: Bool, isLast: Bool, bytes: ByteBuffer) {
        self.contextID = contextID
        self.isCommand = isCommand
        self.isLast = isLast
        self.bytes = bytes
    }
}

/// A-ASSOCIATE-RJ (PS3.8 section 9.3.4).
package struct AssociateReject: Sendable, Hashable {
    package var isPermanent: Bool
    /// 1 service user, 2 service provider (ACSE), 3 service provider (presentation).
    package var source: UInt8
    package var reason: UInt8

    package init(isPermanent: Bool, source: UInt8, reason: UInt8) {
        self.isPermanent = isPermanent
        self.source = source
        self.reason = reason
    }

    package static let applicationContextNotSupported = Self(isPermanent: true, source: 1, reason: 2)
    package static let callingTitleNotRecognized = Self(isPermanent: true, source: 1, reason: 3)
    package static let calledTitleNotRecognized = Self(isPermanent: true, source: 1, reason: 7)
    package static let protocolVersionNotSupported = Self(isPermanent: true, source: 2, reason: 2)
    package static let localLimitExceeded = Self(isPermanent: false, source: 3, reason: 2)

    /// In the standard's words (PS3.8 table 9-21).
    var text: String {
        let words =
            switch (source, reason) {
            case (1, 2): "it does not know the DICOM application context"
            case (1, 3): "it does not know our AE title"
            case (1, 7): "it does not go by the AE title that it was called"
            case (2, 2): "it does not speak this version of the protocol"
            case (3, 1): "it is congested at the moment"
            case (3, 2): "it has as many associations as it takes"
            default: "it gave no reason"
            }
        return words + (isPermanent ? "" : " (try again later)")
    }
}

/// A-ABORT (PS3.8 section 9.3.8).
package struct AbortReason: Sendable, Hashable {
    /// 0 service user, 2 service provider.
    package var source: UInt8
    package var reason: UInt8

    package init(source: UInt8, reason: UInt8) {
        self.source = source
        self.reason = reason
    }

    package static let user = Self(source: 0, reason: 0)
    package static let unrecognizedPDU = Self(source: 2, reason: 1)
    package static let unexpectedPDU = Self(source: 2, reason: 2)
    package static let invalidParameterValue = Self(source: 2, reason: 6)
}

/// Bounds on what a PDU may cost before its sender is known to be honest.
package struct PDULimits: Sendable, Hashable {
    /// Bytes of a P-DATA PDU behind its six-byte head; this is what the other side is told.
    package var dataLength: Int
    /// Bytes of an association request or answer; 128 presentation contexts with many syntaxes take some 100 KB.
    package var associateLength: Int

    package init(dataLength: Int = 1 << 17, associateLength: Int = 1 << 20) {
        self.dataLength = dataLength
        self.associateLength = associateLength
    }
}

/// Bytes that are no PDU.
package struct PDUError: Error, Equatable, CustomStringConvertible {
    package var reason: AbortReason
    package var description: String

    init(_ reason: AbortReason, _ description: String) {
        self.reason = reason
        self.description = description
    }

    static let tooShort = PDUError(.invalidParameterValue, "A PDU ends inside one of its fields.")
}
