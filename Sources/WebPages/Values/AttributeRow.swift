/// One attribute of a data set, for people.
public struct AttributeRow: Sendable {
    /// `(0010,0010)`
    public var tag: String
    /// `Patient's Name`
    public var name: String
    public var vr: String
    /// In one line; of binary data its size.
    public var value: String
    public var isPrivate: Bool
    /// Of a sequence.
    public var items: [[AttributeRow]]

    public init(
        tag: String, name: String, vr: String, value: String, isPrivate: Bool = false,
        items: [[AttributeRow]] = []
    ) {
        self.tag = tag
        self.name = name
        self.vr = vr
        self.value = value
        self.isPrivate = isPrivate
        self.items = items
    }
}
