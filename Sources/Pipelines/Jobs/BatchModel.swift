public import LightboxCore

/// One record of a batch's input, as it stands in the file.
public enum BatchInstance: Sendable, Equatable {
    /// A line without its end: a JSON document, or the text itself for a signature that takes one text.
    case line(Bytes)
    /// The bytes of a TFRecord.
    case record(Bytes)
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
    /// - Returns: one answer per instance, in order.
    /// - Throws: when nothing can be said of any instance; the caller then tries them one by one.
    func predict(_ instances: [BatchInstance]) async throws -> [BatchAnswer]
}
