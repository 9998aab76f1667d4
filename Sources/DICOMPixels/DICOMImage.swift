public import DICOM
public import LightboxCore

/// The frames of a DICOM object, in every transfer syntax that this build knows.
///
/// Decoding blocks the calling thread, for some 20 ms in a large JPEG 2000 frame: call it on threads of your own.
public struct DICOMImage: Sendable {
    /// As the file states it; ``storedFrame(_:)`` gives a frame's own, decoded one.
    public let description: PixelDescription
    public var frameCount: Int { description.frames }

    package let dataSet: DataSet
    private let path: String?
    private let source: Source

    private enum Source: Sendable {
        case native(NativePixels)
        case encapsulated(FragmentMap, TransferSyntax)
    }

    /// Reads the description and finds the frames; decodes nothing yet.
    ///
    /// - Throws: ``DICOM/DICOMError`` naming the file and the attribute.
    public init(_ file: DICOMFile, limits: PixelLimits = .standard) throws {
        path = file.path
        dataSet = file.dataSet
        (description, source) = try named(file.path) {
            let description = try PixelDescription(file.dataSet, limits: limits)
            return (description, try Self.source(of: file, description))
        }
    }

    private static func source(of file: DICOMFile, _ description: PixelDescription) throws -> Source {
        let tag = description.content.tag
        guard let element = file.dataSet[tag] else {
            throw DICOMError(.missingAttribute, tag: tag, "This object holds no pixels.")
        }
        switch element.value {
        case .bytes(let bytes):
            // Float samples are little-endian by now, as all values but PixelData are.
            let isBigEndian = file.transferSyntax.isBigEndian && description.content == .integer
            return .native(NativePixels(description, bytes: bytes, isBigEndian: isBigEndian, vr: element.vr))
        case .fragments(let offsetTable, let fragments):
            guard description.content == .integer else {
                throw DICOMError(.unsupportedPixels, tag: tag, "Compressed floating point samples are not read.")
            }
            let map = try FragmentMap(
                fragments, basicOffsets: offsetTable, extendedOffsets: file.dataSet.bytes(.extendedOffsetTable),
                frames: description.frames)
            return .encapsulated(map, file.transferSyntax)
        case .sequence:
            throw DICOMError(.corrupt, tag: tag, "A sequence stands where the pixels should be.")
        }
    }

    /// Decodes one frame to its stored values: no rescaling, no windowing, no conversion of colours.
    ///
    /// - Parameter index: counted from 0.
    /// - Throws: ``DICOM/DICOMError`` naming the file.
    public func storedFrame(_ index: Int = 0) throws -> StoredFrame {
        precondition((0..<frameCount).contains(index))
        return try named(path) {
            switch source {
            case .native(let pixels): try pixels.frame(index)
            case .encapsulated(let map, let syntax): try decode(map.stream(of: index), syntax)
            }
        }
    }

    /// The compressed bytes of a frame as they are stored; nil when the file's pixels are not compressed.
    ///
    /// - Parameter index: counted from 0.
    public func encodedFrame(_ index: Int) -> Bytes? {
        precondition((0..<frameCount).contains(index))
        guard case .encapsulated(let map, _) = source else { return nil }
        return map.stream(of: index)
    }

    private func decode(_ stream: Bytes, _ syntax: TransferSyntax) throws -> StoredFrame {
        switch syntax {
        case .rleLossless: return try RLEFrame(description).decode(stream)
        case .deflatedImageFrame:
            let pixels = NativePixels(description.ofSingleFrame, bytes: try inflated(stream))
            return try pixels.frame(0)
        default: return try CodecFrame(description: description, syntax: syntax).decode(stream)
        }
    }

    private func inflated(_ stream: Bytes) throws -> Bytes {
        // One byte more than a frame may have, for padding.
        let limit = description.samplesPerFrame * description.bytesPerSample + 1
        do {
            return Bytes(try stream.withUnsafeBytes { try Inflater.inflate($0, format: .raw, limit: limit) })
        } catch {
            throw DICOMError(
                .undecodablePixels, tag: .pixelData, "The deflated frame is broken or larger than described.")
        }
    }
}

/// Runs `body` and adds the file's name to its error.
private func named<Result>(_ path: String?, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch var error as DICOMError {
        error.file = error.file ?? path
        throw error
    }
}

extension DICOMImage {
    func naming<Result>(_ body: () throws -> Result) throws -> Result { try named(path, body) }
}

extension Tag {
    static let extendedOffsetTable = Tag(0x7fe0, 0x0001)
}
