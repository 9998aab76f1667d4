/// The query and retrieve services (PS3.4 annex C.6), two models of each.
package enum QueryService: String, Sendable, CaseIterable {
    case find = "1"
    case move = "2"
    case get = "3"

    /// Whether a query starts at the patient or at the study.
    package enum Model: String, Sendable, CaseIterable {
        case patientRoot = "1.2.840.10008.5.1.4.1.2.1."
        case studyRoot = "1.2.840.10008.5.1.4.1.2.2."
    }

    package func sopClass(_ model: Model) -> String { model.rawValue + rawValue }

    package static func of(_ uid: String) -> (service: QueryService, model: Model)? {
        for model in Model.allCases where uid.hasPrefix(model.rawValue) {
            return QueryService(rawValue: String(uid.dropFirst(model.rawValue.count))).map { ($0, model) }
        }
        return nil
    }
}

/// What a peer may ask for.
public enum DICOMService: String, Sendable, Hashable, Codable, CaseIterable {
    case echo, store, find, move, get, commit

    /// nil for a service that there is none of here.
    init?(sopClass uid: String) {
        if uid == DICOMUID.verification {
            self = .echo
        } else if uid == DICOMUID.storageCommitment {
            self = .commit
        } else if let (service, _) = QueryService.of(uid) {
            self =
                switch service {
                case .find: .find
                case .move: .move
                case .get: .get
                }
        } else if DICOMUID.isStorage(uid) {
            self = .store
        } else {
            return nil
        }
    }
}
