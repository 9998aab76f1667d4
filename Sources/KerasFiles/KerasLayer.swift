public import LightboxCore

/// One layer's arrays as they stand in a Keras file.
public struct KerasLayer: Sendable, Equatable {
    /// The layer's name; nil in Keras 3 files that keep only class and counter.
    public var name: String?
    /// The group that holds it: the name again in classic files, `conv2d_3` in Keras 3 files.
    public var group: String
    public var arrays: [NDArray]
    /// `kernel:0` and so on; `0`, `1`… in Keras 3 files.
    public var arrayNames: [String]
    /// Where the file keeps it. Classic: the listed layer and the owner of the arrays, which differ in a model
    /// inside the model. Keras 3: the groups from the outside in, without those that only hold others.
    var place: [String] = []

    /// Name and number of a counted name: `conv2d_3` is `conv2d` and 3, `conv2d` is 0.
    static func counted(_ name: String) -> (base: String, count: Int) {
        guard let underscore = name.lastIndex(of: "_"), let count = Int(name[name.index(after: underscore)...]),
            count >= 0
        else { return (name, 0) }
        return (String(name[..<underscore]), count)
    }
}
