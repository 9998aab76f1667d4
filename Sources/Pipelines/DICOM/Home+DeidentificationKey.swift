public import Deidentification
import Foundation
public import LightboxCore

extension Home {
    /// The secret of new names in de-identified files; made when there is none.
    ///
    /// - Throws: ``InputError`` when servers share the files and this one has no key: each would give the same patient
    ///   another name.
    public func keyOfNewNames() throws -> DeidentificationKey {
        guard settings.files == nil || FileManager.default.fileExists(atPath: deidentificationKey) else {
            throw InputError(
                .notFound,
                "\(deidentificationKey): there is no key. All servers need the same one: copy it from another, or make one "
                    + "with (umask 077; openssl rand -hex 32 > \(deidentificationKey)) and copy it to the others.")
        }
        return try DeidentificationKey(file: deidentificationKey)
    }
}
