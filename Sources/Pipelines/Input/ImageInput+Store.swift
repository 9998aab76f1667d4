import DICOMStore
import LightboxCore

extension ImageInput {
    /// Every image of a DICOM store, ordered by the UIDs of study, series and instance.
    func storeItems(_ name: String, home: Home, frames: FrameChoice) throws -> ItemSource {
        let store = try DICOMCatalog(home: home).store(DICOMStoreName(name))
        var instances: [StoredInstance] = []
        var hasher = ContentHasher()
        try store.forEachInstance { instance in
            instances.append(instance)
            Array(instance.contentHash.description.utf8).withUnsafeBytes { hasher.update($0) }
        }
        return ItemSource(
            parts: instances, total: instances.reduce(0) { $0 + frames.indices(of: $1.frameCount).count },
            fingerprint: hasher.finalize().description
        ) { instance in
            Self.dicomEntries(instance.path, key: instance.key, frameCount: instance.frameCount, frames: frames)
        }
    }
}

extension StoredInstance {
    /// 1 for an instance that says nothing of frames.
    var frameCount: Int { max(1, record.instance.numberOfFrames ?? 1) }
}
