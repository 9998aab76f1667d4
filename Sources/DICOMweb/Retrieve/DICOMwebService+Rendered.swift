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
        let instance = try target.instance == nil ? nil : one(target)
        let parts = [
            "rendered", frames ?? "", choice, settings.window.description, "\(settings.quality)",
            settings.viewport.map { "\($0)" } ?? "", "\(isThumbnail)",
        ]
        let tag = try instance.map { Conditions.tag(of: $0, parts) } ?? entityTag(of: target, parts)
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        let type = choice.contains("png") ? "image/png" : "image/jpeg"
        if choice.hasPrefix("multipart") {
            let pictures =
                try instance.map { try self.pictures(request, target, $0, numbers ?? [1], settings, type) }
                ?? pictures(request, target, settings, type)
            return try multipart(pictures, type: type, tag)
        }
        let image = try DICOMImage(try DICOMFile(path: try (instance ?? representative(of: target)).path))
        let picture = try Self.picture(of: image, frame: numbers?.first ?? 1, settings, type)
        return try ranged(request, picture, type, tag)
    }

    /// Of frames of one instance, which is opened once.
    private func pictures(
        _ request: DICOMwebRequest, _ target: Target, _ instance: StoredInstance, _ numbers: [Int],
        _ settings: RenderRequest, _ type: String
    ) throws -> [PartMaker] {
        let image = try DICOMImage(try DICOMFile(path: instance.path))
        try Self.check(numbers, of: image.frameCount)
        return numbers.map { number in
            PartMaker(type: type, location: "\(request.root)/\(target.path)/frames/\(number)/rendered") {
                try Self.picture(of: image, frame: number, settings, type)
            }
        }
    }

    /// Of all images of a study or a series.
    private func pictures(
        _ request: DICOMwebRequest, _ target: Target, _ settings: RenderRequest, _ type: String
    ) throws -> [PartMaker] {
        let images = try images(of: target)
        guard !images.isEmpty else { throw Self.noImage }
        guard images.count <= Self.mostImages else {
            throw DICOMwebError(.tooLarge, "Too many images at once. Ask for one series, or for one instance.")
        }
        return images.map { instance in
            let location = "\(request.root)/\(Target(instance.position).path)/rendered"
            return PartMaker(type: type, location: location, isOptional: true) {
                let image = try DICOMImage(try DICOMFile(path: instance.path))
                return try Self.picture(of: image, frame: 1, settings, type)
            }
        }
    }

    private static let mostImages = 20_000

    private static var noImage: DICOMwebError {
        DICOMwebError(.notAcceptable, "There is no image there to be rendered.")
    }

    /// Instances with pixels, in the order of their numbers within a series; no more than one over the limit.
    private func images(of target: Target) throws -> [StoredInstance] {
        var cursor = InstanceCursor(store, matching: target.filter)
        var images: [StoredInstance] = []
        while images.count <= Self.mostImages, let instance = try cursor.next() {
            if instance.record.instance.rows != nil { images.append(instance) }
        }
        return images.sorted { left, right in
            (left.position.series, left.record.instance.instanceNumber ?? 0)
                < (right.position.series, right.record.instance.instanceNumber ?? 0)
        }
    }

    /// The middle image of the first series that has any.
    private func representative(of target: Target) throws -> StoredInstance {
        var cursor = InstanceCursor(store, matching: target.filter)
        while let instance = try cursor.next() {
            guard instance.record.instance.rows != nil else { continue }
            let series = try images(of: Target(study: instance.position.study, series: instance.position.series))
            return series.isEmpty ? instance : series[series.count / 2]
        }
        throw Self.noImage
    }

    private static func picture(
        of image: DICOMImage, frame: Int, _ settings: RenderRequest, _ type: String
    ) throws -> Bytes {
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
