/// How texts of a data set are encoded: the defined terms of Specific Character Set (PS3.3 C.12.1.1.2).
public struct SpecificCharacterSet: Sendable, Equatable {
    /// The terms, the initial one first; empty for the default repertoire.
    public let terms: [String]

    /// - Parameter value: the attribute's value, terms separated by backslashes.
    public init(_ value: String) {
        terms = value.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
    }

    /// Decodes a value field.
    public func decode(_ bytes: UnsafeRawBufferPointer, vr: VR) -> String {
        if terms.first == "ISO_IR 192" { return String(decoding: bytes, as: UTF8.self) }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
