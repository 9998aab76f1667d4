import DICOM
import DICOMPixels
public import Imaging
public import LightboxCore
import WireFormats

/// Turns the bytes of a PNG, a JPEG or a DICOM file into a picture.
public struct ImageReader: Sendable, Hashable {
    public var limits = ImageLimits(maximumPixels: 1 << 26)
    /// Of one DICOM frame, decoded.
    public var maximumFrameBytes = 256 << 20
    /// Of one file.
    public var maximumBytes = 64 << 20

    public init() {}

    /// The picture; of a DICOM file its first frame, as a display shows it.
    ///
    /// - Throws: ``ServingError``, which says nothing of what the file holds.
    public func image(_ bytes: Bytes) throws -> Image {
        guard bytes.count <= maximumBytes else {
            throw ServingError(
                .tooLarge, "the image has \(bytes.count) bytes", remedy: "The limit is \(maximumBytes).")
        }
        do {
            guard ImageFile.Format(of: bytes) == .dicom else { return try ImageFile.decode(bytes, limits: limits) }
            let pixelLimits = PixelLimits(bytesPerFrame: maximumFrameBytes, bytesPerImage: 8 * maximumFrameBytes)
            return try DICOMImage(DICOMFile(bytes: bytes), limits: pixelLimits).rendered()
        } catch let error as ImageError {
            throw ServingError(
                error.code == .tooLarge ? .tooLarge : .badImage, "this is no image that can be read",
                remedy: error.remedy)
        } catch let error as DICOMError {
            throw ServingError(.badImage, "this DICOM file cannot be shown", remedy: "\(error)")
        }
    }

    /// The picture, or that of a `tf.Example` as records hold them, and who it is as far as the Example says it.
    public func keyedImage(_ bytes: Bytes) throws -> (Image, InstanceKey) {
        let none = InstanceKey(fields: [])
        guard ImageFile.Format(of: bytes) == nil, bytes.count <= maximumBytes,
            let example = try? Example(serialized: bytes), let name = example.imageFeatureName
        else { return (try image(bytes), none) }
        if let raw = example.rawImage { return (raw, example.imageKey) }
        guard let content = example.bytes(name) else {
            throw ServingError(
                .badImage, "the Example has not one image", remedy: "Give it one, under image_bytes or png_bytes.")
        }
        return (try image(content), example.imageKey)
    }
}
