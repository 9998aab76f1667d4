import DICOM

/// Decides what an association becomes: a function of the request and the server's configuration.
struct Negotiation: Sendable {
    let configuration: DICOMServer.Configuration

    enum Outcome {
        case refused(AssociateReject)
        case agreed(AssociateAccept, [Association.Context])
    }

    func decide(_ request: AssociateRequest, from address: String?) -> Outcome {
        guard request.protocolVersion & 1 == 1 else { return .refused(.protocolVersionNotSupported) }
        guard request.applicationContext == DICOMUID.applicationContext else {
            return .refused(.applicationContextNotSupported)
        }
        guard configuration.answersToAnyTitle || request.calledTitle == configuration.title.description else {
            return .refused(.calledTitleNotRecognized)
        }
        guard AETitle(request.callingTitle) != nil,
            let rule = configuration.peers.first(where: {
                $0.covers(title: request.callingTitle, address: address)
            })
        else { return .refused(.callingTitleNotRecognized) }

        var answers: [PresentationAnswer] = []
        var contexts: [Association.Context] = []
        var roles: [UserInformation.Role] = []
        for proposal in request.contexts {
            let role = role(of: proposal.abstractSyntax, request.user, rule)
            let answer = answer(to: proposal, rule, repeated: contexts.contains { $0.id == proposal.id })
            answers.append(answer)
            guard answer.result == .accepted else { continue }
            if let role, !roles.contains(where: { $0.sopClass == role.sopClass }) { roles.append(role) }
            // Who may fetch only may not store by leaving the roles unsaid.
            let mayInvoke = DICOMService(sopClass: proposal.abstractSyntax).map(rule.services.contains) ?? false
            contexts.append(
                Association.Context(
                    id: proposal.id, abstractSyntax: proposal.abstractSyntax,
                    transferSyntax: answer.transferSyntax, isUser: role?.isProvider ?? false,
                    isProvider: role?.isUser ?? mayInvoke))
        }
        var user = UserInformation(maximumLength: UInt32(configuration.limits.pduLength))
        user.window = request.user.window.map(window)
        user.roles = roles
        // One answer for each class that was accepted, since the item's length has 16 bits.
        let accepted = Set(contexts.map(\.abstractSyntax))
        var answered: Set<String> = []
        user.extended = request.user.extended.filter {
            accepted.contains($0.sopClass) && answered.insert($0.sopClass).inserted
        }.compactMap(extended)
        return .agreed(
            AssociateAccept(
                calledTitle: request.calledTitle, callingTitle: request.callingTitle, contexts: answers, user: user
            ),
            contexts)
    }

    private func answer(
        to proposal: PresentationProposal, _ rule: PeerRule, repeated: Bool
    ) -> PresentationAnswer {
        func answer(_ result: PresentationAnswer.Result, _ syntax: String? = nil) -> PresentationAnswer {
            PresentationAnswer(
                id: proposal.id, result: result,
                // Of no meaning where it is not accepted, so nothing of a stranger's is repeated.
                transferSyntax: syntax ?? TransferSyntax.implicitVRLittleEndian.uid)
        }
        guard proposal.id & 1 == 1, !repeated else { return answer(.noReason) }
        guard let service = DICOMService(sopClass: proposal.abstractSyntax) else {
            return answer(.abstractSyntaxNotSupported)
        }
        guard rule.services.contains(service) || (service == .store && rule.services.contains(.get)) else {
            return answer(.userRejected)
        }
        guard let syntax = choice(of: proposal.transferSyntaxes, for: service) else {
            return answer(.transferSyntaxesNotSupported)
        }
        return answer(.accepted, syntax)
    }

    /// The first that the proposer names, but big endian, which is retired, only where there is nothing else.
    private func choice(of syntaxes: [String], for service: DICOMService) -> String? {
        let usable = syntaxes.filter { uid in
            service == .store
                ? DICOMUID.isStorable(transferSyntax: uid)
                : TransferSyntax(uid: uid).map { !$0.isEncapsulated && !$0.isDeflated } ?? false
        }
        return usable.first { $0 != TransferSyntax.explicitVRBigEndian.uid } ?? usable.first
    }

    /// A caller of C-GET performs C-STORE itself (PS3.4 section C.5.3); nil when the roles were not talked about. Never
    /// more than was proposed (PS3.7 annex D.3.3.4).
    private func role(of sopClass: String, _ user: UserInformation, _ rule: PeerRule) -> UserInformation.Role? {
        guard let proposed = user.roles.first(where: { $0.sopClass == sopClass }) else { return nil }
        switch DICOMService(sopClass: sopClass) {
        case .store:
            return UserInformation.Role(
                sopClass: sopClass, isUser: proposed.isUser && rule.services.contains(.store),
                isProvider: proposed.isProvider && rule.services.contains(.get))
        default: return UserInformation.Role(sopClass: sopClass, isUser: proposed.isUser, isProvider: false)
        }
    }

    /// PS3.7 annex D.3.3.3: never more than was proposed; the proposer invokes, we perform.
    private func window(_ proposed: UserInformation.Window) -> UserInformation.Window {
        let most = UInt16(clamping: max(configuration.limits.window, 1))
        return UserInformation.Window(
            invoked: proposed.invoked == 0 ? most : min(proposed.invoked, most), performed: 1)
    }

    /// PS3.4 annexes B.3.1 and C.5.
    private func extended(_ proposed: UserInformation.Extended) -> UserInformation.Extended? {
        let answer: [UInt8]
        switch DICOMService(sopClass: proposed.sopClass) {
        case .store: answer = [2, 0, 2, 0, 0]  // all attributes kept, bytes as they came, nothing coerced
        case .find: answer = [1, 0, 0, 0]  // relational queries; no fuzzy names, no combined times, no zones
        case .move, .get: answer = [1]
        default: return nil
        }
        return UserInformation.Extended(
            sopClass: proposed.sopClass, information: Array(answer.prefix(max(1, proposed.information.count))))
    }
}
