package import NIOCore

/// What both PDUs that begin an association hold (PS3.8 sections 9.3.2 and 9.3.3).
package struct Associate<Context: PresentationContextItem>: Sendable, Equatable {
    package var protocolVersion: UInt16 = 1
    /// 16 characters as they came, without spaces around them; they need not be a valid AE title. The answer repeats
    /// those of the request.
    package var calledTitle: String
    package var callingTitle: String
    package var applicationContext = DICOMUID.applicationContext
    package var contexts: [Context]
    package var user: UserInformation

    package init(calledTitle: String, callingTitle: String, contexts: [Context], user: UserInformation) {
        self.calledTitle = calledTitle
        self.callingTitle = callingTitle
        self.contexts = contexts
        self.user = user
    }
}

/// What one side wants an association to be (A-ASSOCIATE-RQ).
package typealias AssociateRequest = Associate<PresentationProposal>

/// What an association is (A-ASSOCIATE-AC).
package typealias AssociateAccept = Associate<PresentationAnswer>

/// A service of an association, as one of the two PDUs has it.
package protocol PresentationContextItem: Sendable, Hashable {
    static var itemType: ItemType { get }

    init(_ bytes: inout ByteBuffer) throws(PDUError)
    func write(to buffer: inout ByteBuffer)
}

/// A proposal: one service, and the encodings that the proposer can use for it.
package struct PresentationProposal: Sendable, Hashable {
    /// Odd, 1...255.
    package var id: UInt8
    package var abstractSyntax: String
    package var transferSyntaxes: [String]

    package init(id: UInt8, abstractSyntax: String, transferSyntaxes: [String]) {
        self.id = id
        self.abstractSyntax = abstractSyntax
        self.transferSyntaxes = transferSyntaxes
    }
}

/// The answer to one proposal.
package struct PresentationAnswer: Sendable, Hashable {
    package enum Result: UInt8, Sendable {
        case accepted, userRejected, noReason, abstractSyntaxNotSupported, transferSyntaxesNotSupported
    }

    package var id: UInt8
    package var result: Result
    /// Counts only when accepted.
    package var transferSyntax: String

    package init(id: UInt8, result: Result, transferSyntax: String) {
        self.id = id
        self.result = result
        self.transferSyntax = transferSyntax
    }
}
