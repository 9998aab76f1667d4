/// Who an image is, carried unchanged through every step: named texts in a fixed order.
///
/// A DICOM image has `study`, `series`, `instance` (UIDs) and, when it is one of several, `frame` from 1;
/// a plain image has its `path` and, as `instance`, its content hash. Keys that a user's CSV or JSON lines
/// bring along are kept as they are.
public struct InstanceKey: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var fields: [Field]

    public init(fields: [Field]) { self.fields = fields }

    /// The key of a DICOM image; `frame` counts from 1 and is absent for a single-frame image.
    public init(study: String, series: String, instance: String, frame: Int? = nil) {
        fields = [Field("study", study), Field("series", series), Field("instance", instance)]
        if let frame { fields.append(Field("frame", String(frame))) }
    }

    /// The key of a plain image file.
    public init(path: String, contentHash: ContentHash) {
        fields = [Field("path", path), Field("instance", contentHash.description)]
    }

    public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    public var study: String? { self["study"] }
    public var series: String? { self["series"] }
    public var instance: String? { self["instance"] }
    public var path: String? { self["path"] }
    /// From 1; nil for a single-frame image.
    public var frame: Int? { self["frame"].flatMap(Int.init) }
}
