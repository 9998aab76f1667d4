import DICOM
import LightboxCore

/// What an export writes, as the `mimeType` of Google's API says it.
///
/// | | |
/// |---|---|
/// | nothing | files as they were stored |
/// | `application/dicom; transfer-syntax=UID` | files in one transfer syntax, `*` for their own |
/// | `image/png` | 8-bit pictures |
/// | `image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50` | the same, smaller |
/// | `application/octet-stream; transfer-syntax=UID` | the bytes of each frame, `*` for as they are stored |
public struct ExportMedia: Sendable, Hashable {
    let format: ExportStage.Format
    /// nil for each instance's own.
    let transferSyntaxUID: String?

    /// - Throws: ``ArchiveError`` for what is not written here.
    public init(_ text: String) throws {
        let parts = text.split(separator: ";").map { $0.filter { !$0.isWhitespace && $0 != "\"" } }
        var syntax: String?
        for part in parts.dropFirst() {
            guard part.lowercased().hasPrefix("transfer-syntax=") else { throw Self.unknown }
            syntax = String(part.dropFirst("transfer-syntax=".count))
        }
        if syntax == "*" { syntax = nil }
        switch parts.first?.lowercased() ?? "" {
        case "": self.init(.dicom, nil)
        case "application/dicom":
            guard syntax.map(Self.isUncompressed) ?? true else { throw Self.unknown }
            self.init(.dicom, syntax)
        case "application/octet-stream":
            guard syntax == nil || syntax == TransferSyntax.explicitVRLittleEndian.uid else { throw Self.unknown }
            self.init(.frames, syntax)
        case "image/png":
            guard parts.count == 1 else { throw Self.unknown }
            self.init(.png, nil)
        case "image/jpeg":
            guard syntax == nil || syntax == TransferSyntax.jpegBaseline8Bit.uid else { throw Self.unknown }
            self.init(.jpeg, nil)
        default: throw Self.unknown
        }
    }

    private init(_ format: ExportStage.Format, _ transferSyntaxUID: String?) {
        (self.format, self.transferSyntaxUID) = (format, transferSyntaxUID)
    }

    private static func isUncompressed(_ uid: String) -> Bool {
        TransferSyntax(uid: uid).map { !$0.isEncapsulated } ?? false
    }

    private static let unknown = ArchiveError(
        .invalidInput,
        "mimeType is none that is written here. Send nothing, application/dicom; transfer-syntax=*, "
            + "application/dicom; transfer-syntax=1.2.840.10008.1.2.1, image/png, "
            + "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50, or application/octet-stream; transfer-syntax=*."
    )
}
