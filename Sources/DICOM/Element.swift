public import LightboxCore

/// One attribute with its value.
public struct Element: Sendable {
    public enum Value: Sendable {
        /// The value field in little-endian order, as it stands in the file (texts padded, not yet decoded).
        ///
        /// Pixel data of a big-endian file is the exception: it keeps its order, since its word size is
        /// BitsAllocated and not the VR's.
        case bytes(Bytes)
        case sequence([DataSet])
        /// Encapsulated pixel data (PS3.5 annex A.4): the basic offset table and the fragments.
        case fragments(offsetTable: Bytes, [Bytes])
    }

    public let tag: Tag
    public let vr: VR
    public let value: Value

    public init(_ tag: Tag, _ vr: VR, _ value: Value) {
        self.tag = tag
        self.vr = vr
        self.value = value
    }
}
