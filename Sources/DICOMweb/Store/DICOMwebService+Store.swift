import DICOM
import DICOMStore
import LightboxCore

extension DICOMwebService {
    /// STOW-RS (PS3.18 section 10.5). Answered when every instance is on the disk and in the index, or refused.
    func storeInstances(_ request: DICOMwebRequest, _ route: Route) async throws -> DICOMwebResponse {
        let study: String?
        switch route {
        case .collection(.study, within: Target()): study = nil
        case .resource(let target) where target.series == nil: study = target.study
        default:
            throw DICOMwebError(.methodNotAllowed, "Instances are stored with POST to 'studies' or to one study.")
        }
        let type = try Self.choose(reportTypes, request)
        let form = try StoreForm(request.headers["content-type"], settings.flavour)
        let isGzip = try isGzip(request)
        guard let body = request.body else { throw DICOMwebError(.badRequest, "The request has no body.") }
        let (store, settings) = (store, settings)
        let session = try await workers.run {
            try StoreSession(store, settings, form, study: study, isGzip: isGzip)
        }
        // Chunks may be of one byte each; a worker gets as much as is worth its while.
        var gathered: [UInt8] = []
        for try await bytes in body {
            guard bytes.count + gathered.count < Self.worthAWorker else {
                let all = gathered.isEmpty ? bytes : Bytes(gathered + bytes.array)
                gathered = []
                try await workers.run { try session.append(all) }
                continue
            }
            bytes.withUnsafeBytes { gathered.append(contentsOf: $0) }
        }
        let rest = Bytes(gathered)
        let report = try await workers.run {
            try session.append(rest)
            return try session.finish()
        }
        return response(report, type, request.root)
    }

    private static let worthAWorker = 1 << 14

    private func isGzip(_ request: DICOMwebRequest) throws -> Bool {
        switch request.headers["content-encoding"]?.lowercased() {
        case nil, "identity", "": return false
        case "gzip", "x-gzip": return true
        default: throw DICOMwebError(.unsupportedMediaType, "Content-Encoding: only gzip is read.")
        }
    }

    /// Google's service answers in XML unless told otherwise.
    private var reportTypes: [String] {
        let json = ["application/dicom+json", "application/json"]
        let xml = ["application/dicom+xml", "application/xml"]
        return settings.flavour == .google ? xml + json : json + xml
    }

    private func response(_ report: StoreReport, _ type: String, _ root: String) -> DICOMwebResponse {
        let data = report.dataSet(root: root, settings.flavour)
        let isXML = type.hasSuffix("xml")
        let body = isXML ? NativeModelWriter.document(data) : DICOMJSON.encode(data)
        var response = DICOMwebResponse(
            status: report.status(settings.flavour), headers: [("Content-Type", type)], body: .bytes(Bytes(body)))
        response.trouble = report.trouble
        return response
    }
}
