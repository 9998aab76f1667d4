import DICOM
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// A value that metadata gives only the address of (PS3.18 section 10.4.1.1.5).
    func bulkData(_ request: DICOMwebRequest, _ target: Target, _ place: [String]) throws -> DICOMwebResponse {
        let instance = try one(target)
        let file = try DICOMFile(path: instance.path)
        guard let element = Self.element(at: place[...], in: file.dataSet) else {
            throw DICOMwebError(.notFound, "The instance has no bulk data of this address.")
        }
        let location = "\(request.root)/\(target.path)/bulkdata/\(place.joined(separator: "/"))"
        switch element.value {
        case .sequence: throw DICOMwebError(.notFound, "A sequence stands there, which is no bulk data.")
        case .fragments: return try compressed(request, instance, file, location)
        case .bytes(let bytes):
            let isTurned = file.transferSyntax.isBigEndian && element.tag == .pixelData && place.count == 1
            let value = isTurned ? try Self.littleEndianPixels(file) : bytes
            return try plain(
                request, value, location, tag: Conditions.tag(of: instance, place))
        }
    }

    /// `54000100/0/54001010`: items count from 0.
    private static func element(at place: ArraySlice<String>, in data: DataSet) -> Element? {
        guard let first = place.first, first.utf8.count == 8, let tag = Tag(digits: first), let element = data[tag]
        else { return nil }
        if place.count == 1 { return element }
        guard case .sequence(let items) = element.value, let index = Int(place[place.startIndex + 1]),
            items.indices.contains(index)
        else { return nil }
        return self.element(at: place.dropFirst(2), in: items[index])
    }

    /// Pixels keep a big-endian file's order until someone asks for them.
    private static func littleEndianPixels(_ file: DICOMFile) throws -> Bytes {
        let turned = try DICOMFile(bytes: Bytes(try file.serialized(as: .explicitVRLittleEndian)))
        return turned.dataSet.bytes(.pixelData) ?? .empty
    }

    private func plain(
        _ request: DICOMwebRequest, _ bytes: Bytes, _ location: String, tag: String
    ) throws -> DICOMwebResponse {
        let ranges = try Self.acceptRanges(request)
        let form = try FrameForm(
            ranges, storedAs: TransferSyntax.explicitVRLittleEndian.uid, isOne: true)
        guard form.content != .picture else { throw Self.notAcceptable([PixelMedia.plain]) }
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        if form.isSingle { return try ranged(request, bytes, PixelMedia.plain, tag) }
        return try multipart(
            [PartMaker(type: PixelMedia.plain, location: location) { bytes }], type: PixelMedia.plain, tag)
    }

    /// Compressed pixel data: a part for each frame, as it is stored.
    private func compressed(
        _ request: DICOMwebRequest, _ instance: StoredInstance, _ file: DICOMFile, _ location: String
    ) throws -> DICOMwebResponse {
        let uid = instance.record.instance.transferSyntaxUID
        var ranges = try Self.acceptRanges(request)
        // Bulk data comes as it is stored unless another form is asked for.
        for index in ranges.indices where ranges[index].transferSyntax == nil {
            ranges[index].parameters["transfer-syntax"] = "*"
        }
        let frames = instance.record.instance.numberOfFrames ?? 1
        let form = try FrameForm(ranges, storedAs: uid, isOne: frames <= 1)
        let tag = Conditions.tag(of: instance, ["bulk", form.mediaType, "\(form.content)"])
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        let source = try FrameSource(file, form)
        if form.isSingle { return try ranged(request, try source.frame(0), source.contentType, tag) }
        let parts = (0..<source.count).map { index in
            PartMaker(type: source.contentType, location: location) { try source.frame(index) }
        }
        return try multipart(parts, type: form.mediaType, tag)
    }
}
