import DICOM
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// Whole instances (PS3.18 section 10.4.1.1.1): many as a multipart message, one also alone.
    func instances(_ request: DICOMwebRequest, _ target: Target) throws -> DICOMwebResponse {
        let syntaxes = try store.transferSyntaxes(of: target.filter)
        guard !syntaxes.isEmpty else { throw Self.notFound(target) }
        let form = try InstanceForm(try Self.acceptRanges(request), isOne: target.instance != nil, syntaxes)
        let tag = try entityTag(of: target, "instances", form.syntax?.uid ?? "*", "\(form.isSingle)")
        if Conditions.isFresh(request, tag) { return Conditions.notModified(tag) }
        if form.isSingle { return try single(request, target, form, tag) }
        return multipart(target, form, tag)
    }

    private func single(
        _ request: DICOMwebRequest, _ target: Target, _ form: InstanceForm, _ tag: String
    ) throws -> DICOMwebResponse {
        guard let instance = try store.instances(matching: target.filter, limit: 1).first else {
            throw Self.notFound(target)
        }
        let uid = instance.record.instance.transferSyntaxUID
        guard let syntax = form.syntax, syntax.uid != uid else {
            let headers = [
                ("Content-Type", "application/dicom; transfer-syntax=\(uid)"), ("ETag", tag),
                ("Accept-Ranges", "bytes"),
            ]
            guard let range = try Conditions.range(request, of: instance.size, tag: tag) else {
                return DICOMwebResponse(
                    status: 200, headers: headers, body: .file(path: instance.path, range: 0..<instance.size))
            }
            let position = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(instance.size)"
            return DICOMwebResponse(
                status: 206, headers: headers + [("Content-Range", position)],
                body: .file(path: instance.path, range: range))
        }
        let transcoded = try TranscodedInstance(instance, as: syntax)
        let reader = PieceReader(transcoded.pieces)
        return DICOMwebResponse(
            status: 200,
            headers: [("Content-Type", "application/dicom; transfer-syntax=\(syntax.uid)"), ("ETag", tag)],
            body: .stream(ChunkStream(length: transcoded.count, on: workers) { try reader.next() }))
    }

    private func multipart(_ target: Target, _ form: InstanceForm, _ tag: String) -> DICOMwebResponse {
        let boundary = Multipart.newBoundary()
        var cursor = InstanceCursor(store, matching: target.filter)
        var isFirst = true
        var isAtEnd = false
        let isOne = target.instance != nil
        let reader = PieceReader {
            if isAtEnd { return nil }
            guard let instance = try cursor.next() else {
                isAtEnd = true
                return [.bytes(Bytes(Multipart.ending(boundary)))]
            }
            let (pieces, uid) = try Self.pieces(of: instance, form, isOne: isOne)
            let headers = [("Content-Type", "application/dicom; transfer-syntax=\(uid)")]
            defer { isFirst = false }
            return [.bytes(Bytes(Multipart.opening(boundary, isFirst: isFirst, headers)))] + pieces
        }
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
            return (try TranscodedInstance(instance, as: syntax).pieces, syntax.uid)
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
