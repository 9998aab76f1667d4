public import DICOM
import DICOMPixels
import Foundation
import Imaging
import LightboxCore

/// One image that a stage is to work on: who it is, where it stands, and how to get its pixels.
public struct ImageItem: Sendable {
    enum Payload: Sendable {
        /// A PNG or JPEG file.
        case file(path: String)
        /// PNG or JPEG bytes from inside a record or a JSON line.
        case encoded(Bytes)
        /// Samples as they are, from a record with `raw_bytes`.
        case raw(Image)
        /// A frame, from 0, of a DICOM file.
        case dicom(path: String, frame: Int)
    }

    /// A file, or a position in one: what a report calls the image by.
    public let origin: String
    /// For a plain file without UIDs in its path this is only the path; the content hash joins on loading.
    let key: InstanceKey
    /// What the CSV or the record said besides, by name.
    let extras: [Extra]
    let payload: Payload

    /// A column of the CSV or a feature of the record that is not part of the key.
    struct Extra: Sendable, Equatable, Codable {
        enum Value: Sendable, Equatable, Codable {
            case text(String)
            case integer(Int64)
            case real(Float)
        }
        let name: String
        let value: Value
    }
}

/// An image in memory under its full key.
struct LoadedImage: Sendable {
    var key: InstanceKey
    let extras: [ImageItem.Extra]
    let image: Image
}

/// How stored DICOM values become display values, for inputs that hold DICOM.
public struct DisplayOptions: Sendable, Codable, Hashable {
    public var window: WindowChoice
    public init(window: WindowChoice = .fromFile) { self.window = window }
}

extension ImageItem {
    /// The absolute path of the file that holds the image and nothing else; nil for one from inside a record.
    var file: String? {
        switch payload {
        case .file(let path), .dicom(let path, _):
            RemoteFiles.isRemote(path)
                ? RemoteFiles.shown(path) : URL(fileURLWithPath: path).standardizedFileURL.path
        case .encoded, .raw: nil
        }
    }

    /// Reads and decodes the image.
    func load(_ display: DisplayOptions, channels: Int? = nil) throws -> LoadedImage {
        switch payload {
        case .file(let path):
            let bytes = Bytes(try MappedFile(path: path))
            let image = try ImageFile.decode(bytes, channels: channels)
            return LoadedImage(key: completed(with: bytes), extras: extras, image: image)
        case .encoded(let bytes):
            let image = try ImageFile.decode(bytes, channels: channels)
            return LoadedImage(key: completed(with: bytes), extras: extras, image: image)
        case .raw(let image):
            return LoadedImage(key: key, extras: extras, image: image)
        case .dicom(let path, let frame):
            let image = try DICOMImage(DICOMFile(path: path)).rendered(frame: frame, window: display.window)
            return LoadedImage(key: key, extras: extras, image: image)
        }
    }

    /// The key with the content hash as its instance, when nothing else names the instance.
    private func completed(with bytes: Bytes) -> InstanceKey {
        guard key.instance == nil else { return key }
        var key = key
        let hash = bytes.withUnsafeBytes { ContentHash(of: $0) }
        key.fields.append(InstanceKey.Field("instance", hash.description))
        return key
    }
}
