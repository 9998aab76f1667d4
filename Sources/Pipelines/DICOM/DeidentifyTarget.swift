import DICOMStore
import Foundation
import LightboxCore

/// Where results go, and by which way.
enum DeidentifyTarget: Sendable {
    /// On the file system of the output, so that a finished file only has to be renamed.
    case folder(String, scratch: IncomingFolder)
    case store(DICOMStore)

    init(_ destination: DeidentifyStage.Destination) throws {
        switch destination {
        case .folder(let folder):
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            IncomingFolder.removeAbandoned(in: folder, prefix: Self.prefix)
            self = .folder(folder, scratch: try IncomingFolder(in: folder, prefix: Self.prefix))
        case .store(let store): self = .store(store)
        }
    }

    private static let prefix = ".deidentify-"

    /// As a report names it.
    var name: String {
        switch self {
        case .folder(let folder, _): folder
        case .store(let store): "dicom:\(store.name)"
        }
    }

    /// Where lists of problems and warnings go.
    var folder: String {
        switch self {
        case .folder(let folder, _): folder
        case .store(let store): store.reports
        }
    }
}
