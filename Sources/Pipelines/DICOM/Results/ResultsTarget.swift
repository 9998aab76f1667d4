import DICOM
import DICOMStore
import Foundation
import LightboxCore

/// Where results go.
struct ResultsTarget: Sendable {
    private let destination: ResultsStage.Destination

    init(_ destination: ResultsStage.Destination) { self.destination = destination }

    /// As a report names it.
    var name: String {
        switch destination {
        case .folder(let folder): folder
        case .store(let store): "dicom:\(store.name)"
        }
    }

    func contains(_ key: InstanceKey) throws -> Bool {
        switch destination {
        case .folder(let folder): RemoteFiles.exists(path(of: key, in: folder))
        case .store(let store): try store.instance(key.instance ?? "") != nil
        }
    }

    /// Writes an object, unless one with its UID came in meanwhile.
    ///
    /// - Returns: false for one that is there already.
    func add(_ file: DICOMFile, _ key: InstanceKey) throws -> Bool {
        switch destination {
        case .folder(let folder):
            let path = path(of: key, in: folder)
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try file.write(to: path)
            return true
        case .store(let store):
            let received = try store.receive()
            try file.serialized().withUnsafeBytes { try received.append($0) }
            return try store.add([received.finish()]) == [.added]
        }
    }

    private func path(of key: InstanceKey, in folder: String) -> String {
        ([folder] + key.fields.map(\.value)).joined(separator: "/") + ".dcm"
    }
}
