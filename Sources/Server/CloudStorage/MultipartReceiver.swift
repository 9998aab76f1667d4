import Buckets
import DICOMweb
import LightboxCore
import NIOCore

/// Takes a multipart/related upload as it comes: what is said of the object, then its bytes.
///
/// Belongs to one thread at a time.
final class MultipartReceiver: @unchecked Sendable {
    // Unchecked: the handler hands it from thread to thread, and never uses it on two.
    typealias Begin = (StorageDocument, String?) throws -> (UploadPlan, IncomingObject)

    private var parser: MultipartParser
    private let begin: Begin
    private var part = 0
    private var document: [UInt8] = []
    private var begun: (plan: UploadPlan, object: IncomingObject)?

    /// - Parameters:
    ///   - contentType: of the request.
    ///   - begin: told what is said of the object, and the media type of its bytes.
    init(_ contentType: String, begin: @escaping Begin) throws {
        guard let type = MediaType(contentType), type.name.hasPrefix("multipart/"),
            let boundary = type.parameters["boundary"], (1...200).contains(boundary.utf8.count)
        else {
            throw ServerError(.invalidArgument, "Send Content-Type: multipart/related; boundary=….")
        }
        parser = MultipartParser(boundary: boundary, limits: .init(parts: 2))
        self.begin = begin
    }

    func append(_ bytes: ByteBuffer) throws {
        try translating { try bytes.withUnsafeReadableBytes { try parser.append($0, take) } }
    }

    private func take(_ event: MultipartParser.Event) throws {
        switch event {
        case .begin(let headers):
            part += 1
            guard part == 2 else { return }
            begun = try begin(StorageDocument(Bytes(document)), headers["content-type"])
        case .content(let bytes):
            if let begun {
                try begun.object.append(bytes)
            } else {
                document.append(contentsOf: bytes)
                guard document.count <= StorageDocument.largest else {
                    throw ServerError(.bodyTooLarge, "What is said of an object has at most 1 MiB.")
                }
            }
        case .end: break
        }
    }

    func finish() throws -> (plan: UploadPlan, object: IncomingObject) {
        try translating { try parser.finish() }
        guard let begun else {
            throw ServerError(.invalidArgument, "Send two parts: what is said of the object, and its bytes.")
        }
        return begun
    }

    private func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as DICOMwebError {
            throw ServerError(.invalidArgument, error.description)
        }
    }
}
