import DICOM

/// What the caller of a C-GET says it can take, before it knows what will come: at most 126 services and encodings.
///
/// Which of several encodings is used, the other side decides; so compressed ones, which are worth keeping as they
/// are, stand alone, for the kinds of images that are stored so.
enum StorageProposals {
    static let contexts: [PresentationProposal] = {
        let alone = compressedKinds.flatMap { kind in compressions.map { (kind, [$0]) } }
        let plain = classes.map { ($0, DICOMClient.encodings) }
        return (alone + plain).prefix(126).enumerated().map { index, proposal in
            PresentationProposal(
                id: UInt8(2 * index + 1), abstractSyntax: proposal.0, transferSyntaxes: proposal.1)
        }
    }()

    static let roles: [UserInformation.Role] = Set(contexts.map(\.abstractSyntax)).sorted().map {
        UserInformation.Role(sopClass: $0, isUser: false, isProvider: true)
    }

    /// Computed and digital radiography, mammography, CT, MR, ultrasound with and without frames, secondary capture.
    private static let compressedKinds = [
        "1", "1.1", "1.2", "2", "4", "6.1", "3.1", "7",
    ].map { "1.2.840.10008.5.1.4.1.1." + $0 }

    /// JPEG baseline and lossless, JPEG-LS and JPEG 2000 lossless.
    private static let compressions = ["50", "70", "80", "90"].map { "1.2.840.10008.1.2.4." + $0 }

    /// The standard's own, those in use before the retired ones, images first.
    private static let classes: [String] = {
        let numbers = (1...999).map { "\($0)" }
        let storage = "1.2.840.10008.5.1.4.1.1."
        var found = compressedKinds
        for first in numbers {
            let candidates = [first] + (1...20).map { "\(first).\($0)" }
            for candidate in candidates {
                let uid = storage + candidate
                guard let entry = UIDNames.entry(for: uid), !entry.isRetired, DICOMUID.isStorage(uid),
                    !found.contains(uid)
                else { continue }
                found.append(uid)
            }
        }
        return found
    }()
}
