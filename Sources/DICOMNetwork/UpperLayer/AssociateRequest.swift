/// What one side wants an association to be (A-ASSOCIATE-RQ, PS3.8 section 9.3.2).
package struct AssociateRequest: Sendable, Equatable {
    /// A proposal: one service, and the encodings that the proposer can use for it.
    package struct Context: Sendable, Hashable {
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

    package var protocolVersion: UInt16 = 1
    /// 16 characters as they came, without spaces around them; they need not be a valid AE title.
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

/// What an association is (A-ASSOCIATE-AC, PS3.8 section 9.3.3).
package struct AssociateAccept: Sendable, Equatable {
    /// The answer to one proposal.
    package struct Context: Sendable, Hashable {
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

    package var protocolVersion: UInt16 = 1
    /// The titles of the request, which the answer repeats.
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

/// What else the two sides tell each other (PS3.7 annex D.3.3).
package struct UserInformation: Sendable, Equatable {
    /// Who may invoke and who performs a service; without it, who proposes also invokes.
    package struct Role: Sendable, Hashable {
        package var sopClass: String
        /// Whether the proposer invokes.
        package var isUser: Bool
        /// Whether the proposer performs.
        package var isProvider: Bool

        package init(sopClass: String, isUser: Bool, isProvider: Bool) {
            self.sopClass = sopClass
            self.isUser = isUser
            self.isProvider = isProvider
        }
    }

    /// Messages under way at once; 0 is any number.
    package struct Window: Sendable, Hashable {
        package var invoked: UInt16
        package var performed: UInt16

        package init(invoked: UInt16, performed: UInt16) {
            self.invoked = invoked
            self.performed = performed
        }
    }

    package struct Extended: Sendable, Hashable {
        package var sopClass: String
        package var information: [UInt8]

        package init(sopClass: String, information: [UInt8]) {
            self.sopClass = sopClass
            self.information = information
        }
    }

    /// Of the P-DATA PDUs that its sender takes; 0 is any length.
    package var maximumLength: UInt32
    package var implementationClassUID: String
    package var implementationVersionName: String?
    package var window: Window?
    package var roles: [Role] = []
    package var extended: [Extended] = []

    package init(
        maximumLength: UInt32, implementationClassUID: String = DICOMUID.implementationClass,
        implementationVersionName: String? = DICOMUID.implementationVersion
    ) {
        self.maximumLength = maximumLength
        self.implementationClassUID = implementationClassUID
        self.implementationVersionName = implementationVersionName
    }
}
