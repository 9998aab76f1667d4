public import LightboxCore
import WireFormats

/// A request for predictions, read: one array for each input, with the instances along its first index.
public struct PredictRequest: Sendable, Equatable {
    public enum Form: Sendable, Hashable {
        /// `{"instances": […]}`: a value or an object for each instance. Also an instance by itself.
        case rows
        /// `{"inputs": …}`: an array for each input, as TensorFlow Serving takes them.
        case columns
    }

    public let form: Form
    /// The signature's name.
    public let signature: String
    /// Instances.
    public let count: Int
    public let inputs: [String: ServedTensor]
    /// From the member `extras`, a list of names.
    public let extras: Extras

    public init(
        form: Form = .rows, signature: String, count: Int, inputs: [String: ServedTensor], extras: Extras = []
    ) {
        self.form = form
        self.signature = signature
        self.count = count
        self.inputs = inputs
        self.extras = extras
    }
}

/// How large a request may be, held against it before memory is taken.
public struct RequestLimits: Sendable, Hashable {
    public var maximumBytes = 64 << 20
    public var maximumInstances = 4096
    /// Of one input, all instances together.
    public var maximumNumbers = 1 << 26
    /// Arrays and objects inside one another.
    public var maximumDepth = 32

    public init() {}
}

/// The JSON of prediction requests and answers, as Google's `ml` v1 and TensorFlow Serving's REST have it.
///
/// Numbers go straight into the buffers that a model computes with.
public enum Instances {
    /// Reads the body of a request.
    ///
    /// An object whose only member is `b64` stands for its decoded bytes at any depth. An input of numbers also
    /// takes a string that holds them. An object without `instances` and `inputs` is one instance.
    ///
    /// - Parameters:
    ///   - signatures: of the model, by name.
    ///   - name: of the signature to use, where the place of the request says it; else the member
    ///     `signature_name` does, or the only one is used, or the one whose inputs are given, or
    ///     `serving_default`.
    /// - Throws: ``ServingError`` with the instance and the input that are wrong.
    public static func request(
        _ body: Bytes, signatures: [String: ServedSignature], signature name: String? = nil,
        limits: RequestLimits = RequestLimits()
    ) throws -> PredictRequest {
        guard body.count <= limits.maximumBytes else {
            throw ServingError(
                .tooLarge, "the request has \(body.count) bytes, the limit is \(limits.maximumBytes)",
                remedy: "Send fewer instances at once.")
        }
        return try body.withUnsafeBytes { bytes in
            try withPlaces {
                let parser = JSONParser(bytes, maximumDepth: limits.maximumDepth)
                let envelope = try Envelope(parser)
                return try envelope.request(parser, signatures, name ?? envelope.signature, limits)
            }
        }
    }

    /// Reads one line of a file of instances, as batch prediction takes them.
    ///
    /// - Parameter signature: the line is its single input as it is, without JSON, where that is a single string.
    public static func request(
        line: Bytes, signature: ServedSignature, limits: RequestLimits = RequestLimits()
    ) throws -> PredictRequest {
        if signature.takesRawLines { return try request(record: line, signature: signature) }
        return try line.withUnsafeBytes { bytes in
            try withPlaces {
                var parser = JSONParser(bytes, maximumDepth: limits.maximumDepth)
                var reader = RowReader(signature, limits)
                try reader.readInstance(&parser)
                try parser.finish()
                return try reader.request(extras: [])
            }
        }
    }

    /// A request with the bytes of one record as its single input.
    public static func request(record: Bytes, signature: ServedSignature) throws -> PredictRequest {
        guard signature.takesRawRecords, let input = signature.soleInput else {
            throw ServingError(
                .wrongType, "the signature \(signature.name) does not take records",
                remedy: "Use a signature with a single input of strings, or lines of JSON.")
        }
        let value = ServedTensor(shape: [1], elements: .strings([record]))
        return PredictRequest(signature: signature.name, count: 1, inputs: [input.name: value])
    }

    /// Turns the parser's errors into a request's.
    private static func withPlaces<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as RecordError {
            throw ServingError(error)
        }
    }
}

extension ServingError {
    init(_ error: RecordError) {
        let place = error.offset.map { "at byte \($0)" } ?? "somewhere"
        switch error.code {
        case .limitExceeded:
            self.init(.tooLarge, "a limit is passed \(place)", remedy: error.remedy)
        case .unsupported:
            self.init(.wrongShape, "the value is not what the input takes \(place)", remedy: error.remedy)
        default:
            self.init(.malformedRequest, "the request is wrong \(place)", remedy: error.remedy)
        }
    }
}
