import DICOM

/// The media types of compressed frames (PS3.18 table 8.7.3-2).
enum PixelMedia {
    static let plain = "application/octet-stream"

    /// The type that a frame in a transfer syntax has on its own.
    static func type(of uid: String) -> String {
        guard let syntax = TransferSyntax(uid: uid), syntax.isEncapsulated else { return plain }
        switch syntax {
        case .jpegBaseline8Bit, .jpegExtended12Bit, .jpegLossless, .jpegLosslessSV1: return "image/jpeg"
        case .jpegLSLossless, .jpegLSNearLossless: return "image/jls"
        case .jpeg2000, .jpeg2000Lossless: return "image/jp2"
        case .htj2k, .htj2kLossless, .htj2kLosslessRPCL: return "image/jphc"
        case .rleLossless: return "image/dicom-rle"
        default: return plain
        }
    }

    /// Older spellings that clients still send.
    static func canonical(_ type: String) -> String {
        switch type {
        case "image/x-jls": "image/jls"
        case "image/x-dicom-rle": "image/dicom-rle"
        default: type
        }
    }
}

/// How frames, or pixel data as bulk data, are wanted.
struct FrameForm: Sendable, Hashable {
    enum Content: Sendable, Hashable {
        /// Stored values, little-endian, colours by pixel.
        case decoded
        case stored
        /// A picture as a display shows it, in 8 bits.
        case picture
    }

    let content: Content
    let mediaType: String
    /// One frame without a multipart message around it.
    let isSingle: Bool

    /// - Parameters:
    ///   - uid: the transfer syntax of the instance.
    ///   - isOne: whether only one part is asked for.
    /// - Throws: ``DICOMwebError`` 406.
    init(_ ranges: [MediaType], storedAs uid: String, isOne: Bool) throws {
        for range in ranges {
            let isMultipart = range.name == "multipart/related" || range.name == "multipart/*" || range.name == "*/*"
            guard isMultipart || isOne else { continue }
            let type = range.name == "multipart/related" ? range.partType ?? "*/*" : isMultipart ? "*/*" : range.name
            if let (content, mediaType) = Self.content(type, range.transferSyntax, storedAs: uid) {
                (self.content, self.mediaType, isSingle) = (content, mediaType, !isMultipart)
                return
            }
        }
        let native = PixelMedia.type(of: uid)
        throw DICOMwebError(
            .notAcceptable,
            "Nothing that is accepted can be given. On offer as parts of multipart/related: application/octet-stream"
                + (native == PixelMedia.plain ? "" : ", \(native)") + ", image/jpeg and image/png.")
    }

    private static func content(
        _ type: String, _ syntax: String?, storedAs uid: String
    ) -> (Content, String)? {
        let native = PixelMedia.type(of: uid)
        let isStored = syntax == "*" || syntax == uid
        switch PixelMedia.canonical(type) {
        case "*/*" where isStored: return (.stored, native)
        case "*/*", "application/*", PixelMedia.plain:
            if isStored && TransferSyntax(uid: uid)?.isEncapsulated != false { return (.stored, PixelMedia.plain) }
            let isPlain = syntax == nil || syntax == TransferSyntax.explicitVRLittleEndian.uid || isStored
            return isPlain ? (.decoded, PixelMedia.plain) : nil
        case native where isStored || syntax == nil: return (.stored, native)
        case "image/*" where native.hasPrefix("image/") && (isStored || syntax == nil): return (.stored, native)
        case "image/jpeg" where syntax == nil || syntax == TransferSyntax.jpegBaseline8Bit.uid:
            return (.picture, "image/jpeg")
        case "image/png", "image/*": return (.picture, "image/png")
        default: return nil
        }
    }
}
