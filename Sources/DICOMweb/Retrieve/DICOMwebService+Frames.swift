import DICOM
import DICOMPixels
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
            of: instance, ["frames", list, form.mediaType, "\(form.content)", "\(form.isSingle)"])
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        let source = try FrameSource(try DICOMFile(path: instance.path), form)
        try Self.check(numbers, of: source.count)
        if form.isSingle {
            return try ranged(request, try source.frame(numbers[0] - 1), source.contentType, tag)
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

    /// Bytes that a range may be asked of; many are read and copied bit by bit while they are sent.
    func ranged(
        _ request: DICOMwebRequest, _ bytes: Bytes, _ type: String, _ tag: String
    ) throws -> DICOMwebResponse {
        let headers = [("Content-Type", type), ("ETag", tag), ("Accept-Ranges", "bytes")]
        func body(_ bytes: Bytes) -> DICOMwebResponse.Body {
            guard bytes.count > 1 << 20 else { return .bytes(bytes) }
            let reader = PieceReader([.bytes(bytes)])
            return .stream(ChunkStream(length: bytes.count, on: workers) { try reader.next() })
        }
        guard let range = try Conditions.range(request, of: bytes.count, tag: tag) else {
            return DICOMwebResponse(status: 200, headers: headers, body: body(bytes))
        }
        let position = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"
        return DICOMwebResponse(
            status: 206, headers: headers + [("Content-Range", position)], body: body(bytes[range]))
    }

    /// One part of a multipart answer, made when it is its turn.
    struct PartMaker {
        let type: String
        let location: String
        /// Whether the answer goes on without the part when it cannot be made.
        var isOptional = false
        let make: () throws -> Bytes
    }

    /// - Throws: what making the first part throws: then an error can still be answered.
    func multipart(_ parts: [PartMaker], type: String, _ tag: String) throws -> DICOMwebResponse {
        let boundary = Multipart.newBoundary()
        var rest = parts[...]
        var isFirst = true
        var isAtEnd = false
        func next() throws -> [Piece]? {
            while let part = rest.popFirst() {
                let content: Bytes
                do {
                    content = try part.make()
                } catch  where part.isOptional && !(isFirst && rest.isEmpty) {
                    continue
                }
                let headers = [("Content-Type", part.type), ("Content-Location", part.location)]
                defer { isFirst = false }
                return [.bytes(Bytes(Multipart.opening(boundary, isFirst: isFirst, headers))), .bytes(content)]
            }
            if isAtEnd { return nil }
            isAtEnd = true
            return [.bytes(Bytes(Multipart.ending(boundary)))]
        }
        let reader = PieceReader(try next() ?? [], more: next)
        return DICOMwebResponse(
            status: 200,
            headers: [
                ("Content-Type", "multipart/related; type=\"\(type)\"; boundary=\(boundary)"), ("ETag", tag),
            ],
            body: .stream(ChunkStream(on: workers) { try reader.next() }))
    }
}
