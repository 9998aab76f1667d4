import Imaging
public import LightboxCore
public import WireFormats

/// Writes images as instances of a request for predictions.
///
/// An instance is `{"key": PATH, "image_bytes": {"b64": …}}`, with the file's own bytes: PNG, JPEG or DICOM.
public struct RequestStage: Sendable {
    /// Of the input that takes the bytes.
    public var field = "image_bytes"
    /// Of the input that is given back; nil leaves it out.
    public var key: String? = "key"

    public init() {}

    public struct Result: Sendable {
        public var instances: [JSONValue] = []
        public var problems: [StageReport.Problem] = []
    }

    /// - Parameter inputs: files, folders, patterns, `dicom:STORE`; see ``ImageInput``.
    public func run(_ inputs: [String], _ context: StageContext) throws -> Result {
        var result = Result()
        for input in inputs {
            let source = try ImageInput(input).open(home: context.home, frames: .first)
            while let entry = try source.next() {
                if context.isCancelled() { throw Cancelled(stage: "request") }
                do {
                    switch entry {
                    case .problem(let problem): result.problems.append(problem)
                    case .item(let item): result.instances.append(try instance(item))
                    }
                } catch {
                    guard case .item(let item) = entry else { throw error }
                    result.problems.append(StageReport.Problem(source: item.origin, error: error))
                }
            }
        }
        return result
    }

    private func instance(_ item: ImageItem) throws -> JSONValue {
        var members = [JSONMember(field, .base64(try item.encoded()))]
        if let key { members.insert(JSONMember(key, .string(item.origin)), at: 0) }
        return .object(members)
    }
}

extension ImageItem {
    /// The bytes of a file that a model can be sent.
    func encoded() throws -> Bytes {
        switch payload {
        case .file(let path), .dicom(let path, _): Bytes(try MappedFile(path: path))
        case .encoded(let bytes): bytes
        case .raw(let image): Bytes(PNG.encode(image))
        }
    }
}
