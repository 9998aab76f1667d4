import DICOM
import DICOMStore
import Foundation
import LightboxCore

/// The body of one store request on its way in: instances go to the disk as they come, and into the store in
/// batches. Belongs to one request, whose pieces come one after another.
final class StoreSession: @unchecked Sendable {
    // Unchecked: the request hands it from worker to worker and waits for each.
    private let store: DICOMStore
    private let settings: DICOMwebSettings
    /// The study that the path names, which every instance has to belong to.
    private let study: String?
    private let form: StoreForm
    private var parser: MultipartParser?
    private var inflater: Inflater?
    private var unpacked = 0
    private var part = Part.none
    private var arrived: [ReceivedInstance] = []
    private var json: [UInt8] = []
    private var bulk: [String: Bytes] = [:]
    private(set) var report = StoreReport()

    private enum Part {
        case none
        case instance(ReceivedFile)
        case json
        case bulk(ReceivedFile, location: String)
    }

    /// Instances to a commit.
    private static let batch = 64

    init(_ store: DICOMStore, _ settings: DICOMwebSettings, _ form: StoreForm, study: String?, isGzip: Bool) throws
    {
        (self.store, self.settings, self.form, self.study) = (store, settings, form, study)
        if isGzip { inflater = Inflater(.gzip) }
        switch form {
        case .single: part = .instance(try store.receive())
        case .multipart(let boundary, _):
            parser = MultipartParser(
                boundary: boundary, limits: .init(parts: settings.mostParts, part: settings.largestPart))
        }
    }

    func append(_ bytes: Bytes) throws {
        try bytes.withUnsafeBytes { bytes in
            guard let inflater else { return try appendPlain(bytes) }
            // Small steps: what inflates a thousandfold still is of moderate size.
            for start in stride(from: 0, to: bytes.count, by: 1 << 14) where !inflater.isAtEnd {
                var plain: [UInt8] = []
                let step = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + 1 << 14)])
                do {
                    try inflater.inflate(step, into: &plain, limit: 1 << 26)
                } catch {
                    throw DICOMwebError(.badRequest, "The body is not what Content-Encoding says.")
                }
                unpacked += plain.count
                guard unpacked <= settings.largestUnpacked else {
                    throw DICOMwebError(
                        .tooLarge,
                        "The body unpacks to over \(settings.largestUnpacked) bytes. Send it without Content-Encoding."
                    )
                }
                try plain.withUnsafeBytes { try appendPlain($0) }
            }
        }
    }

    private func appendPlain(_ bytes: UnsafeRawBufferPointer) throws {
        guard parser != nil else { return try content(bytes) }
        try parser?.append(bytes) { event in
            switch event {
            case .begin(let headers): try begin(headers)
            case .content(let bytes): try content(bytes)
            case .end: try end()
            }
        }
    }

    /// Ends the body and commits the rest.
    func finish() throws -> StoreReport {
        guard inflater?.isAtEnd ?? true else {
            throw DICOMwebError(.badRequest, "The compressed body ends early.")
        }
        if let parser { try parser.finish() } else { try end() }
        try takeJSON()
        try commit()
        guard !report.stored.isEmpty || !report.failed.isEmpty else {
            throw DICOMwebError(.badRequest, "The body holds no instance.")
        }
        return report
    }

    // MARK: Parts

    private func begin(_ headers: [String: String]) throws {
        guard case .multipart(_, let rootType) = form else { return }
        let type = headers["content-type"].flatMap { MediaType($0)?.name } ?? rootType
        if type == "application/dicom+json" {
            part = .json
        } else if rootType == "application/dicom+json" {
            part = .bulk(try store.receive(), location: headers["content-location"] ?? headers["content-id"] ?? "")
        } else if type == "application/dicom" || type == "application/octet-stream" {
            part = .instance(try store.receive())
        } else {
            part = .none
            report.fail(
                DICOMwebError(.unsupportedMediaType, "A part is of a media type that is not stored."))
        }
    }

    private func content(_ bytes: UnsafeRawBufferPointer) throws {
        switch part {
        case .none: break
        case .instance(let file):
            guard file.size + bytes.count <= settings.largestPart else {
                throw DICOMwebError(
                    .tooLarge, "An instance is larger than \(settings.largestPart) bytes, the limit.")
            }
            try file.append(bytes)
        case .bulk(let file, _): try file.append(bytes)
        case .json:
            guard json.count + bytes.count <= settings.largestJSON else {
                throw DICOMwebError(.tooLarge, "The JSON is larger than \(settings.largestJSON) bytes, the limit.")
            }
            json.append(contentsOf: bytes)
        }
    }

    private func end() throws {
        switch part {
        case .none, .json: break
        case .instance(let file): try take(file)
        case .bulk(let file, let location): bulk[location] = try file.contents()
        }
        part = .none
    }

    private func take(_ file: ReceivedFile) throws {
        do {
            let instance = try file.finish()
            if let study, instance.record.study.studyInstanceUID != study {
                report.fail(
                    instance.record, .otherStudy, "The instance belongs to another study than the path names.")
                return
            }
            arrived.append(instance)
        } catch let error as FileFailure {
            throw error
        } catch {
            report.fail(error)
            return
        }
        if arrived.count >= Self.batch { try commit() }
    }

    private func commit() throws {
        let outcomes = try store.add(arrived)
        for (instance, outcome) in zip(arrived, outcomes) { report.add(outcome, instance.record) }
        arrived = []
    }

    // MARK: DICOM JSON

    /// Makes files of data sets that came as JSON, their bulk data from the other parts.
    private func takeJSON() throws {
        guard !json.isEmpty else { return }
        let bulk = bulk
        let options = DICOMJSON.DecodeOptions { uri in
            guard let bytes = bulk[uri] else {
                throw DICOMwebError(.badRequest, "A BulkDataURI has no part with this Content-Location.")
            }
            return bytes
        }
        do {
            for data in try DICOMJSON.decodeAll(json, options: options) {
                let file = try store.receive()
                do {
                    try Self.serialized(data).withUnsafeBytes { try file.append($0) }
                } catch let error as DICOMError {
                    report.fail(error)
                    continue
                }
                try take(file)
            }
        } catch let error as any Failure where error.kind != .environment {
            report.fail(error)
        }
    }

    private static func serialized(_ data: DataSet) throws -> [UInt8] {
        let uid = data.string(.transferSyntaxUID) ?? TransferSyntax.explicitVRLittleEndian.uid
        guard let syntax = TransferSyntax(uid: uid) else {
            throw DICOMError(
                .unsupportedTransferSyntax, tag: .transferSyntaxUID, "The transfer syntax is not known.")
        }
        var body = DataSet(data.elements.filter { $0.tag.group != 2 })
        if body[.specificCharacterSet] == nil {
            body[.specificCharacterSet] = .text(.specificCharacterSet, "ISO_IR 192")
        }
        if syntax.isEncapsulated, let pixels = body[.pixelData], case .bytes(let frame) = pixels.value {
            body[.pixelData] = Element(.pixelData, .OB, .fragments(offsetTable: .empty, [frame]))
        }
        let file = DICOMFile(
            fileMeta: DataSet(data.elements.filter { $0.tag.group == 2 }), dataSet: body, transferSyntax: syntax)
        return try file.serialized(as: syntax)
    }
}

/// How the body of a store request is made up.
enum StoreForm: Sendable, Equatable {
    case single
    case multipart(boundary: String, type: String)

    /// - Throws: ``DICOMwebError``: 415, and 400 from Google's service.
    init(_ contentType: String?, _ flavour: DICOMwebSettings.Flavour) throws {
        let wrong = DICOMwebError(
            flavour == .google ? .badRequest : .unsupportedMediaType,
            "The body has to be application/dicom, or multipart/related of application/dicom or application/dicom+json."
        )
        guard let contentType, let type = MediaType(contentType) else { throw wrong }
        switch type.name {
        case "application/dicom": self = .single
        case "multipart/related":
            let parts = type.partType ?? "application/dicom"
            guard parts == "application/dicom" || parts == "application/dicom+json" else { throw wrong }
            guard let boundary = type.parameters["boundary"], (1...200).contains(boundary.utf8.count) else {
                throw DICOMwebError(.badRequest, "The Content-Type names no boundary.")
            }
            self = .multipart(boundary: boundary, type: parts)
        default: throw wrong
        }
    }
}
