import DICOMStore
import LightboxCore

extension ImageInput {
    /// Every image of a DICOM store, ordered by study, series and instance number.
    func storeItems(_ name: String, home: Home, frames: FrameChoice) throws -> ItemSource {
        let store = try DICOMStore.open(name, home: home, create: false)
        let instances = try store.instances()
        let fingerprint = ContentHash(of: instances.map(\.contentHash).joined(separator: "\n").utf8).description
        return ItemSource(
            parts: instances, total: frames == .all ? instances.reduce(0) { $0 + $1.frames } : instances.count,
            fingerprint: fingerprint
        ) { instance in
            Self.dicomEntries(
                store.path(of: instance), study: instance.studyInstanceUID, series: instance.seriesInstanceUID,
                instance: instance.sopInstanceUID, frameCount: instance.frames, frames: frames)
        }
    }
}
