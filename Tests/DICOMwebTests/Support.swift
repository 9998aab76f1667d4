import DICOM
import DICOMStore
import DICOMweb
import Foundation
import LightboxCore
import TestSupport

/// A small instance as a file's bytes, explicit little endian: 4 × 6 pixels of 16 bits that count up from `pixel`.
func instanceBytes(
    study: String = "1.2.1", series: String = "1.3.1", instance: String, pixel: UInt16 = 0, more: [Element] = []
) -> [UInt8] {
    let base: [Element] = [
        .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7"), .text(.studyInstanceUID, study),
        .text(.seriesInstanceUID, series), .text(.sopInstanceUID, instance), .text(.patientID, "P1"),
        .text(.patientName, "Doe^Jane"), .text(.modality, "DX"), .text(.studyDate, "20240131"),
        .text(.studyTime, "130500"), .int(.instanceNumber, 7), .int(.rows, 4), .int(.columns, 6),
        .int(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"), .int(.bitsAllocated, 16),
        .int(.bitsStored, 16), .int(.highBit, 15), .int(.pixelRepresentation, 0),
        .words(.pixelData, .OW, (0..<24).map { pixel + UInt16($0) }),
    ]
    guard let bytes = try? DICOMFile(dataSet: DataSet(base + more)).serialized() else {
        preconditionFailure("a plain data set can be written")
    }
    return bytes
}

/// A service over an empty store of its own, gone after `body`.
func withService<Result>(
    _ settings: DICOMwebSettings = DICOMwebSettings(), _ body: (DICOMwebService) async throws -> Result
) async throws -> Result {
    try await withAsyncTemporaryFolder { folder in
        let catalog = try DICOMCatalog(home: TestEngine.home(folder))
        let store = try catalog.store(DICOMStoreName("d/s"), creating: true)
        return try await body(DICOMwebService(store, settings: settings))
    }
}

extension DICOMwebService {
    func store(_ instances: [[UInt8]]) throws {
        _ = try store.add(
            instances.map { bytes in
                let file = try store.receive()
                try bytes.withUnsafeBytes { try file.append($0) }
                return try file.finish()
            })
    }

    func send(
        _ method: DICOMwebRequest.Method = .get, _ address: String, _ headers: [String: String] = [:],
        body: [[UInt8]]? = nil
    ) async throws -> Answer {
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let response: DICOMwebResponse
        do {
            let request = try DICOMwebRequest(
                method: method, path: parts[0], query: parts.count > 1 ? parts[1] : nil,
                headers: headers.map { ($0.key, $0.value) }, body: body.map { stream($0) }, root: "http://host/dw")
            response = await respond(to: request)
        } catch let error as DICOMwebError {
            return Answer(status: error.code.rawValue, headers: [], body: .empty)
        }
        return Answer(status: response.status, headers: response.headers, body: try await response.wholeBody())
    }
}

private func stream(_ chunks: [[UInt8]]) -> DICOMwebRequest.Body {
    AsyncThrowingStream<Bytes, any Error> { continuation in
        for chunk in chunks { continuation.yield(Bytes(chunk)) }
        continuation.finish()
    }
}

struct Answer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: Bytes

    var text: String { String(decoding: body.array, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    var type: String { header("Content-Type") ?? "" }
    func dataSets() throws -> [DataSet] { try DICOMJSON.decodeAll(body.array) }

    /// The addresses of values that metadata leave out.
    var bulkAddresses: [String] {
        text.components(separatedBy: "\"BulkDataURI\":\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    /// The parts of a multipart answer, taken apart in the plainest way.
    func parts() throws -> [(headers: [String: String], content: [UInt8])] {
        guard let boundary = type.components(separatedBy: "boundary=").last else { return [] }
        return try collect(body.array, boundary: boundary)
    }
}

typealias Part = (headers: [String: String], content: [UInt8])

/// Runs the parser over a message in pieces of one size.
func collect(_ message: [UInt8], boundary: String, piece: Int = .max) throws -> [Part] {
    var parser = MultipartParser(boundary: boundary)
    var parts: [Part] = []
    var start = 0
    while start < message.count {
        let end = min(message.count, piece == .max ? message.count : start + piece)
        try message[start..<end].withUnsafeBytes { bytes in
            try parser.append(bytes) { event in
                switch event {
                case .begin(let headers): parts.append((headers, []))
                case .content(let bytes): parts[parts.count - 1].content += Array(bytes)
                case .end: break
                }
            }
        }
        start = end
    }
    try parser.finish()
    return parts
}

func multipart(_ parts: [[UInt8]], boundary: String = "b0", type: String = "application/dicom") -> [UInt8] {
    var body: [UInt8] = []
    for part in parts { body += Array("--\(boundary)\r\nContent-Type: \(type)\r\n\r\n".utf8) + part + [13, 10] }
    return body + Array("--\(boundary)--\r\n".utf8)
}

/// Real files of pydicom, which `scripts/bootstrap` unpacks.
enum PydicomFiles {
    static let folder = repositoryRoot + "/.native/pydicom/test_files"
    static let arePresent = FileManager.default.fileExists(atPath: folder + "/CT_small.dcm")

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
    }
}
