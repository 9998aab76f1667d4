import Datasets
import Foundation
import LightboxCore
import ModelRegistry

/// The images that a model has learned from, as digests in its folder, so that an evaluation can leave them out.
///
/// Images are known by the bytes of their files, wherever these lie later on; in records, whose keys of plain images
/// are just that, and beyond ``contentLimit`` files by their keys. Nothing in the file tells who was imaged.
struct SeenImages {
    static let fileName = "training-images.txt"
    /// Reading a third of a million films again would take longer than a note of them is worth.
    private static let contentLimit = 50_000

    private var digests: Set<Substring> = []

    /// Of a data set that is about to be learned from.
    static func list(_ dataset: LabelledDataset) -> Bytes {
        var text = "# The first 16 hexadecimal digits of SHA-256 of each image, or of its key\n"
        for index in 0..<dataset.count {
            let sample = dataset[index]
            let content = dataset.count <= contentLimit ? contentDigest(sample) : nil
            text += (content ?? keyDigest(sample)) + "\n"
        }
        return Bytes(text.utf8)
    }

    /// Of a model; empty for one that does not say.
    init(of folder: ModelFolder) {
        guard let text = try? String(contentsOfFile: folder.path + "/" + Self.fileName, encoding: .utf8) else {
            return
        }
        digests = Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") })
    }

    var isEmpty: Bool { digests.isEmpty }

    func contain(_ sample: LabelledSample) -> Bool {
        digests.contains(Substring(Self.keyDigest(sample)))
            || Self.contentDigest(sample).map { digests.contains(Substring($0)) } ?? false
    }

    private static func contentDigest(_ sample: LabelledSample) -> String? {
        let hash: ContentHash? =
            if case .file(let path) = sample.source {
                try? ContentHash(ofFile: path)
            } else {
                sample.key.instance.flatMap { ContentHash($0) }
            }
        return hash.map { String($0.description.prefix(16)) }
    }

    private static func keyDigest(_ sample: LabelledSample) -> String {
        let name = sample.key.instance ?? sample.key.path ?? sample.source.name
        return String(ContentHash(of: name.utf8).description.prefix(16))
    }
}
