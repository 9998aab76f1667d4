public import LightboxCore
public import WireFormats

/// One record of a batch's input.
public enum BatchInstance: Sendable, Equatable {
    case json(JSONValue)
    /// For the only input of a signature that takes a text: a line as it stands, or a record's bytes.
    case bytes(Bytes)
}

/// What a model says of one instance.
public enum BatchAnswer: Sendable, Equatable {
    /// A JSON document on one line, without the line's end.
    case prediction([UInt8])
    /// Why there is none. The same trouble has the same words, since they are counted.
    case failure(String)
}

/// What predicts in a batch job: one version of a model behind one of its signatures.
public protocol BatchModel: Sendable {
    /// The name of the signature's input when it has only this one and it takes a text; nil otherwise.
    var textInput: String? { get }

    /// - Returns: one answer per instance, in order.
    /// - Throws: when nothing can be said of any instance; the caller then tries them one by one.
    func predict(_ instances: [BatchInstance]) async throws -> [BatchAnswer]
}
