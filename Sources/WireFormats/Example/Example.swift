public import LightboxCore

/// A `tf.Example`: named lists of bytes, floats or integers, as TensorFlow's records hold them.
/// ```swift
/// let example = Example(["png_bytes": .bytes([png]), "label": .ints([2])])
/// ```
public struct Example: Sendable, Equatable {
    public var features: [String: Feature]

    public init(_ features: [String: Feature] = [:]) { self.features = features }

    public subscript(_ name: String) -> Feature? {
        get { features[name] }
        set { features[name] = newValue }
    }

    /// The only byte string of a feature; nil when it has none, several, or another kind.
    public func bytes(_ name: String) -> Bytes? {
        guard case .bytes(let list) = features[name], list.count == 1 else { return nil }
        return list[0]
    }

    /// The only byte string of a feature as UTF-8 text.
    public func text(_ name: String) -> String? {
        bytes(name).flatMap { $0.withUnsafeBytes { String(validating: $0, as: UTF8.self) } }
    }

    public func floats(_ name: String) -> [Float]? {
        guard case .floats(let list) = features[name] else { return nil }
        return list
    }

    public func ints(_ name: String) -> [Int64]? {
        guard case .ints(let list) = features[name] else { return nil }
        return list
    }

    /// The features `study`, `series`, `instance`, or those named; only those that are present.
    public func key(_ names: [String] = ["study", "series", "instance"]) -> InstanceKey {
        InstanceKey(fields: names.compactMap { name in text(name).map { InstanceKey.Field(name, $0) } })
    }
}

/// One feature's values, all of one kind.
public enum Feature: Sendable, Equatable {
    case bytes([Bytes])
    case floats([Float])
    case ints([Int64])

    /// One text, as UTF-8.
    public static func text(_ text: String) -> Feature { .bytes([Bytes(text.utf8)]) }

    public static func bytes(_ list: [[UInt8]]) -> Feature { .bytes(list.map { Bytes($0) }) }

    /// How many values there are.
    public var count: Int {
        switch self {
        case .bytes(let list): list.count
        case .floats(let list): list.count
        case .ints(let list): list.count
        }
    }
}
