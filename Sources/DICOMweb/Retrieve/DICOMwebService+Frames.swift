import DICOM
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// Frames of one instance (PS3.18 section 10.4.1.1.6).
    func frames(_ request: DICOMwebRequest, _ target: Target, _ list: String) throws -> DICOMwebResponse {
        let numbers = try Self.frameNumbers(list)
        let instance = try one(target)
        let form = try FrameForm(
            try Self.acceptRanges(request), storedAs: instance.record.instance.transferSyntaxUID,
            isOne: numbers.count == 1)
        let tag = Conditions.tag(
            [instance.contentHash.description, "frames", list, form.mediaType, "\(form.content)", "\(form.isSingle)"])
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        let source = try FrameSource(try DICOMFile(path: instance.path), form)
        try Self.check(numbers, of: source.count)
        if form.isSingle {
            return try Self.ranged(request, try source.frame(numbers[0] - 1), source.contentType, tag)
        }
        let parts = numbers.map { number in
            PartMaker(type: source.contentType, location: "\(request.root)/\(target.path)/frames/\(number)") {
                try source.frame(number - 1)
            }
        }
        return try multipart(parts, type: form.mediaType, tag)
    }

    /// `1,2,3`, counted from 1.
    static func frameNumbers(_ list: String) throws -> [Int] {
        let numbers = list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard !numbers.isEmpty, numbers.count <= 100_000, numbers.allSatisfy({ ($0 ?? 0) >= 1 }) else {
            throw DICOMwebError(.badRequest, "Frames are numbers from 1 on, separated by commas.")
        }
        return numbers.compactMap { $0 }
    }

    static func check(_ numbers: [Int], of count: Int) throws {
        guard numbers.allSatisfy({ $0 <= count }) else {
            throw DICOMwebError(.notFound, "The instance has \(count) frame\(count == 1 ? "" : "s").")
        }
    }

    /// The instance that a path names.
    func one(_ target: Target) throws -> StoredInstance {
        guard let instance = try store.instances(matching: target.filter, limit: 1).first else {
            throw Self.notFound(target)
        }
        return instance
    }

    /// Bytes that a range may be asked of.
    static func ranged(
        _ request: DICOMwebRequest, _ bytes: Bytes, _ type: String, _ tag: String
    ) throws -> DICOMwebResponse {
        let headers = [("Content-Type", type), ("ETag", tag), ("Accept-Ranges", "bytes")]
        guard let range = try Conditions.range(request, of: bytes.count, tag: tag) else {
            return DICOMwebResponse(status: 200, headers: headers, body: .bytes(bytes))
        }
        let position = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"
        return DICOMwebResponse(
            status: 206, headers: headers + [("Content-Range", position)], body: .bytes(bytes[range]))
    }

    /// One part of a multipart answer, made when it is its turn.
    struct PartMaker {
        let type: String
        let location: String
        let make: () throws -> Bytes
    }

    /// - Throws: what making the first part throws: then an error can still be answered.
    func multipart(_ parts: [PartMaker], type: String, _ tag: String) throws -> DICOMwebResponse {
        let boundary = Multipart.newBoundary()
        var first: Bytes? = try parts.first?.make()
        var pieces = parts.enumerated().flatMap { index, part in
            [
                Piece.bytes(
                    Bytes(
                        Multipart.opening(
                            boundary, isFirst: index == 0,
                            [("Content-Type", part.type), ("Content-Location", part.location)]))),
                Piece.made(count: 0) {
                    defer { first = nil }
                    return try index == 0 ? first ?? part.make() : part.make()
                },
            ]
        }
        pieces.append(.bytes(Bytes(Multipart.ending(boundary))))
        let reader = PieceReader(pieces)
        return DICOMwebResponse(
            status: 200,
            headers: [
                ("Content-Type", "multipart/related; type=\"\(type)\"; boundary=\(boundary)"), ("ETag", tag),
            ],
            body: .stream(ChunkStream(on: workers) { try reader.next() }))
    }
}
