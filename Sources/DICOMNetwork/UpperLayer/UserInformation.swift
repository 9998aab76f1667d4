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
