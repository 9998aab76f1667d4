import DICOM
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// The data sets without bulk data (PS3.18 section 10.4.1.1.2).
    func metadata(_ request: DICOMwebRequest, _ target: Target) throws -> DICOMwebResponse {
        let type = try Self.choose(DataSetsWriter.offers, request)
        let tag = try entityTag(of: target, ["metadata", type, request.root])
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        let writer = DataSetsWriter(type: type, options: .init())
        var cursor = InstanceCursor(store, matching: target.filter, readsFiles: true)
        var count = 0
        var isAtEnd = false
        let root = request.root
        func next() throws -> Bytes? {
            if isAtEnd { return nil }
            var chunk: [UInt8] = []
            while chunk.count < 1 << 17 {
                guard let instance = try cursor.next() else {
                    writer.appendEnd(isEmpty: count == 0, to: &chunk)
                    isAtEnd = true
                    break
                }
                let options = DICOMJSON.EncodeOptions.metadata(
                    "\(root)/\(Target(instance.position).path)/bulkdata/")
                writer.append(try instance.file().dataSet, isFirst: count == 0, options, to: &chunk)
                count += 1
            }
            return Bytes(chunk)
        }
        // Before the answer begins, so that a mistake in the beginning can be told.
        var first = try next()
        let stream = ChunkStream(on: workers) {
            if let chunk = first {
                first = nil
                return chunk
            }
            return try next()
        }
        return DICOMwebResponse(
            status: 200, headers: [("Content-Type", writer.contentType), ("ETag", tag)], body: .stream(stream))
    }

    /// A tag of everything below a target and of how it is asked for.
    ///
    /// - Throws: ``DICOMwebError`` 404 when there is nothing.
    func entityTag(of target: Target, _ parts: [String]) throws -> String {
        guard let fingerprint = try store.fingerprint(of: target.filter) else { throw Self.notFound(target) }
        return Conditions.tag([fingerprint.description] + parts)
    }
}

extension Target {
    init(_ position: InstancePosition) {
        self.init(study: position.study, series: position.series, instance: position.instance)
    }
}

extension DICOMJSON.EncodeOptions {
    /// Which values are left out of metadata, each with its address: all of unknown form, longer ones of numbers.
    static func metadata(_ address: String) -> DICOMJSON.EncodeOptions {
        var options = DICOMJSON.EncodeOptions(inlineLimit: 0) { address + $0 }
        options.inlineNumbersLimit = 2048
        options.mostNumbers = 512
        return options
    }
}
