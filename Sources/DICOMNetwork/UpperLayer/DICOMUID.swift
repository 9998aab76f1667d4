import DICOM

/// The UIDs that the network services go by (PS3.4, PS3.6 annex A).
package enum DICOMUID {
    package static let applicationContext = "1.2.840.10008.3.1.1.1"
    package static let implementationClass = DICOMFile.implementationClassUID
    package static let implementationVersion = DICOMFile.implementationVersionName

    package static let verification = "1.2.840.10008.1.1"
    package static let storageCommitment = "1.2.840.10008.1.20.1"
    package static let storageCommitmentInstance = "1.2.840.10008.1.20.1.1"

    /// Whether a service keeps instances: all that the standard calls "… Storage", whatever lies in their part of
    /// the tree, and what a manufacturer made up.
    package static func isStorage(_ uid: String) -> Bool {
        guard isUsable(uid: uid) else { return false }
        if let entry = UIDNames.entry(for: uid) {
            return entry.kind == "SOP Class" && uid != mediaStorageDirectory
                && (entry.keyword.hasSuffix("Storage") || entry.keyword.hasSuffix("StorageTrial")
                    || uid.hasPrefix("1.2.840.10008.5.1.4.1.1."))
        }
        return uid.hasPrefix("1.2.840.10008.5.1.4.1.1.") || !uid.hasPrefix("1.2.840.10008.")
    }

    private static let mediaStorageDirectory = "1.2.840.10008.1.3.10"

    /// Whether a data set can be kept as it comes: every transfer syntax of the standard, also those whose pixels
    /// this build cannot decode, but none that leaves the pixels elsewhere (JPIP, SMPTE ST 2110).
    package static func isStorable(transferSyntax uid: String) -> Bool {
        if TransferSyntax(uid: uid) != nil { return true }
        guard let entry = UIDNames.entry(for: uid), entry.kind == "Transfer Syntax" else { return false }
        return uid.hasPrefix("1.2.840.10008.1.2.4.10") || uid.hasPrefix("1.2.840.10008.1.2.4.11")
            || ["1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93"].contains(uid)
    }
}
