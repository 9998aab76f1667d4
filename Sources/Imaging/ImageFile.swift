public import LightboxCore

/// Image files by their content, whatever their name says.
public enum ImageFile {
    public enum Format: String, Sendable, CaseIterable {
        case png, jpeg, gif, bmp, webp, tiff, dicom

        /// Tells the kind from the first bytes; nil for anything else.
        public init?(of bytes: Bytes) {
            func has(_ mark: [UInt8], at offset: Int = 0) -> Bool {
                bytes.count >= offset + mark.count && bytes[offset..<(offset + mark.count)] == Bytes(mark)
            }
            if has(PNG.signature) {
                self = .png
            } else if has([0xff, 0xd8, 0xff]) {
                self = .jpeg
            } else if has(Array("GIF8".utf8)) {
                self = .gif
            } else if has(Array("BM".utf8)) {
                self = .bmp
            } else if has(Array("RIFF".utf8)) && has(Array("WEBP".utf8), at: 8) {
                self = .webp
            } else if has([0x49, 0x49, 0x2a, 0]) || has([0x4d, 0x4d, 0, 0x2a]) {
                self = .tiff
            } else if has(Array("DICM".utf8), at: 128) {
                self = .dicom
            } else {
                return nil
            }
        }
    }

    /// Reads a PNG or a JPEG.
    ///
    /// - Parameters:
    ///   - channels: 1 or 3 (4 for PNG alone); nil gives what the file has.
    ///   - file: for error messages.
    /// - Throws: ``ImageError``, which for other kinds of file says how to convert them.
    public static func decode(
        _ bytes: Bytes, channels: Int? = nil, limits: ImageLimits = ImageLimits(), file: String = ""
    ) throws -> Image {
        do {
            switch Format(of: bytes) {
            case .png: return try PNG.decode(bytes, channels: channels, limits: limits)
            case .jpeg: return try JPEG.decode(bytes, channels: channels, limits: limits)
            case .dicom:
                throw ImageError(
                    .unknownFormat, remedy: "This is a DICOM file: import it with lightbox dicom import.")
            case let other?:
                throw ImageError(
                    .unknownFormat,
                    remedy: "\(other.rawValue.uppercased()) is not read: convert it to PNG or JPEG.")
            case nil:
                throw ImageError(.unknownFormat, remedy: "Only PNG and JPEG images are read; this is neither.")
            }
        } catch var error as ImageError {
            error.file = file
            throw error
        }
    }

    /// Reads a PNG or a JPEG from the disk.
    public static func decode(
        path: String, channels: Int? = nil, limits: ImageLimits = ImageLimits()
    ) throws -> Image {
        try decode(Bytes(MappedFile(path: path)), channels: channels, limits: limits, file: path)
    }
}
