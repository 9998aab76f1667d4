import DICOM
import DICOMPixels
import DICOMStore
import Imaging
import LightboxCore

extension DICOMwebService {
    /// Pictures that any browser shows (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4).
    ///
    /// An instance gives its first frame, several frames give a multipart message, and so do all images of a study
    /// or a series; a thumbnail is always one picture, of a study and a series that of their middle image.
    func rendered(
        _ request: DICOMwebRequest, _ target: Target, _ frames: String?, isThumbnail: Bool
    ) throws -> DICOMwebResponse {
        let settings = try RenderRequest(request.query, isThumbnail: isThumbnail)
        let numbers = try frames.map { try Self.frameNumbers($0) }
        let isMany = !isThumbnail && (target.instance == nil || (numbers?.count ?? 1) > 1)
        let single = ["image/jpeg", "image/png"]
        let multiple = single.map { "multipart/related; type=\"\($0)\"" }
        // Who asks for a plain picture of many gets one.
        let choice = try Self.choose(isMany ? multiple + single : single, request)
        let tag = try entityTag(
            of: target, "rendered", frames ?? "", choice, settings.window.description, "\(settings.quality)",
            settings.viewport.map { "\($0)" } ?? "", "\(isThumbnail)")
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        let type = choice.contains("png") ? "image/png" : "image/jpeg"
        if choice.hasPrefix("multipart") {
            return try multipart(
                try pictures(request, target, numbers, settings, type), type: type, tag)
        }
        let instance = try target.instance == nil ? representative(of: target) : one(target)
        let picture = try Self.picture(of: instance, frame: numbers?.first ?? 1, settings, type)
        return try Self.ranged(request, picture, type, tag)
    }

    private func pictures(
        _ request: DICOMwebRequest, _ target: Target, _ numbers: [Int]?, _ settings: RenderRequest, _ type: String
    ) throws -> [PartMaker] {
        let root = request.root
        if let numbers, target.instance != nil {
            let instance = try one(target)
            try Self.check(numbers, of: instance.record.instance.numberOfFrames ?? 1)
            return numbers.map { number in
                PartMaker(type: type, location: "\(root)/\(target.path)/frames/\(number)/rendered") {
                    try Self.picture(of: instance, frame: number, settings, type)
                }
            }
        }
        let images = try images(of: target)
        guard !images.isEmpty else { throw Self.noImage }
        return images.map { instance in
            PartMaker(type: type, location: "\(root)/\(Target(instance.position).path)/rendered") {
                try Self.picture(of: instance, frame: 1, settings, type)
            }
        }
    }

    private static var noImage: DICOMwebError {
        DICOMwebError(.notAcceptable, "There is no image there to be rendered.")
    }

    /// Instances with pixels, in the order of their numbers within a series.
    private func images(of target: Target) throws -> [StoredInstance] {
        var cursor = InstanceCursor(store, matching: target.filter)
        var images: [StoredInstance] = []
        while let instance = try cursor.next() {
            if instance.record.instance.rows != nil { images.append(instance) }
            guard images.count <= 20_000 else {
                throw DICOMwebError(.tooLarge, "Too many images at once. Ask for one series, or for one instance.")
            }
        }
        return images.sorted { left, right in
            (left.position.series, left.record.instance.instanceNumber ?? 0)
                < (right.position.series, right.record.instance.instanceNumber ?? 0)
        }
    }

    private func representative(of target: Target) throws -> StoredInstance {
        let images = try images(of: target)
        guard let first = images.first else { throw Self.noImage }
        let series = images.filter { $0.position.series == first.position.series }
        return series[series.count / 2]
    }

    private static func picture(
        of instance: StoredInstance, frame: Int, _ settings: RenderRequest, _ type: String
    ) throws -> Bytes {
        let image = try DICOMImage(try DICOMFile(path: instance.path))
        try check([frame], of: image.frameCount)
        let picture = try settings.apply(to: try image.rendered(frame: frame - 1, window: settings.window))
        do {
            return Bytes(
                type == "image/png" ? PNG.encode(picture) : try JPEG.encode(picture, quality: settings.quality))
        } catch let error as ImageError {
            throw DICOMwebError(.notAcceptable, error.description)
        }
    }
}
