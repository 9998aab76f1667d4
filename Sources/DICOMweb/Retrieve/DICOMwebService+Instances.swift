import DICOM
import DICOMPixels
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// Whole instances (PS3.18 section 10.4.1.1.1): many as a multipart message, one also alone.
    func instances(_ request: DICOMwebRequest, _ target: Target) throws -> DICOMwebResponse {
        let instance = try target.instance == nil ? nil : one(target)
        let syntaxes =
            try instance.map { [$0.record.instance.transferSyntaxUID: 1] }
            ?? store.transferSyntaxes(of: target.filter)
        guard !syntaxes.isEmpty else { throw Self.notFound(target) }
        let form = try InstanceForm(try Self.acceptRanges(request), isOne: instance != nil, syntaxes)
        let parts = ["instances", form.syntax?.uid ?? "*", "\(form.isSingle)"]
        let tag = try instance.map { Conditions.tag(of: $0, parts) } ?? entityTag(of: target, parts)
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        if form.isSingle, let instance { return try single(request, instance, form, tag) }
        if let instance {
            var rest = [instance]
            return try multipart(form, isOne: true, tag) { rest.popLast() }
        }
        var cursor = InstanceCursor(store, matching: target.filter, readsFiles: true)
        return try multipart(form, isOne: false, tag) { try cursor.next() }
    }

    private func single(
        _ request: DICOMwebRequest, _ instance: StoredInstance, _ form: InstanceForm, _ tag: String
    ) throws -> DICOMwebResponse {
        let uid = instance.record.instance.transferSyntaxUID
        guard let syntax = form.syntax, syntax.uid != uid else {
            // Here, where a thread may wait for it.
            let path = try RemoteFiles.file(of: instance.path)
            let headers = [
                ("Content-Type", "application/dicom; transfer-syntax=\(uid)"), ("ETag", tag),
                ("Accept-Ranges", "bytes"),
            ]
            guard let range = try Conditions.range(request, of: instance.size, tag: tag) else {
                return DICOMwebResponse(
                    status: 200, headers: headers, body: .file(path: path, range: 0..<instance.size))
            }
            let position = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(instance.size)"
            return DICOMwebResponse(
                status: 206, headers: headers + [("Content-Range", position)],
                body: .file(path: path, range: range))
        }
        let transcoded = try TranscodedInstance(path: instance.path, as: syntax)
        let reader = PieceReader(transcoded.pieces)
        return DICOMwebResponse(
            status: 200,
            headers: [("Content-Type", "application/dicom; transfer-syntax=\(syntax.uid)"), ("ETag", tag)],
            body: .stream(ChunkStream(length: transcoded.count, on: workers) { try reader.next() }))
    }

    /// - Parameter nextInstance: nil at the end.
    private func multipart(
        _ form: InstanceForm, isOne: Bool, _ tag: String, _ nextInstance: @escaping () throws -> StoredInstance?
    ) throws -> DICOMwebResponse {
        let boundary = Multipart.newBoundary()
        var isFirst = true
        var isAtEnd = false
        func next() throws -> [Piece]? {
            if isAtEnd { return nil }
            guard let instance = try nextInstance() else {
                isAtEnd = true
                return [.bytes(Bytes(Multipart.ending(boundary)))]
            }
            let (pieces, uid) = try Self.pieces(of: instance, form, isOne: isOne)
            let headers = [("Content-Type", "application/dicom; transfer-syntax=\(uid)")]
            defer { isFirst = false }
            return [.bytes(Bytes(Multipart.opening(boundary, isFirst: isFirst, headers)))] + pieces
        }
        // Before the answer begins, so that a mistake in the beginning can be told.
        let reader = PieceReader(try next() ?? [], more: next)
        let syntax = form.syntax.map { "; transfer-syntax=\($0.uid)" } ?? ""
        return DICOMwebResponse(
            status: 200,
            headers: [
                ("Content-Type", "multipart/related; type=\"application/dicom\"\(syntax); boundary=\(boundary)"),
                ("ETag", tag),
            ],
            body: .stream(ChunkStream(on: workers) { try reader.next() }))
    }

    /// An instance in the syntax asked for. One among many that cannot be decoded comes as it is stored, and its
    /// header says so: the others are not lost for it.
    private static func pieces(
        of instance: StoredInstance, _ form: InstanceForm, isOne: Bool
    ) throws -> (pieces: [Piece], uid: String) {
        let uid = instance.record.instance.transferSyntaxUID
        let stored = ([Piece.file(instance.path, size: instance.size)], uid)
        guard let syntax = form.syntax, syntax.uid != uid else { return stored }
        do {
            return (try TranscodedInstance(path: instance.path, as: syntax).pieces, syntax.uid)
        } catch let error as DICOMError {
            if isOne { throw error }
            return stored
        }
    }
}

/// How instances are wanted.
struct InstanceForm {
    /// nil for each as it is stored.
    let syntax: TransferSyntax?
    /// One instance without a multipart message around it.
    let isSingle: Bool

    /// - Parameters:
    ///   - syntaxes: those that the instances are stored in.
    /// - Throws: ``DICOMwebError`` 406 when no range can be satisfied.
    init(_ ranges: [MediaType], isOne: Bool, _ syntaxes: [String: Int]) throws {
        for range in ranges {
            let isSingle = range.name == "application/dicom" && isOne
            let isMultipart =
                (range.name == "multipart/related"
                    && ["application/dicom", "application/*", "*/*", nil].contains(range.partType))
                || range.name == "*/*" || range.name == "multipart/*"
            guard isSingle || isMultipart else { continue }
            if range.transferSyntax == "*" {
                (syntax, self.isSingle) = (nil, isSingle)
                return
            }
            let uid = range.transferSyntax ?? TransferSyntax.explicitVRLittleEndian.uid
            // A syntax of which this build knows no more than its name can still be given where it is stored.
            if syntaxes.keys.allSatisfy({ $0 == uid }) {
                (syntax, self.isSingle) = (nil, isSingle)
                return
            }
            guard let wanted = TransferSyntax(uid: uid),
                syntaxes.keys.allSatisfy({ TranscodedInstance.isPossible(from: $0, to: wanted) })
            else { continue }
            (syntax, self.isSingle) = (wanted, isSingle)
            return
        }
        throw DICOMwebError(
            .notAcceptable,
            "Nothing that is accepted can be given. On offer: multipart/related; type=\"application/dicom\" in Explicit "
                + "or Implicit VR Little Endian, or transfer-syntax=* for the bytes as stored"
                + (isOne ? "; the same as application/dicom." : "."))
    }
}
