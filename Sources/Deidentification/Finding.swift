public import DICOM

/// Something about a file that a person should know. It names attributes and never their values.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// Burned In Annotation says YES, and the pixels were not cleaned.
        case burnedInAnnotation
        /// The kind of object often has text in its pixels: ultrasound, secondary captures, screen shots.
        case mayHaveBurnedInText
        /// A face may be recognisable in a volume of this; nothing was done about it.
        case visualFeaturesNotCleaned
        /// Clean Pixel Data was asked for, and no rule says where this image has text.
        case pixelsNotCleaned
        case pixelRegionsCleaned
        /// Bytes behind the last frame, in the pixel data's own value.
        case bytesAfterPixelsRemoved
        /// Comments and application segments within compressed frames.
        case compressedCommentsRemoved
        /// Bits of the pixels that held an overlay.
        case overlayBitsRemoved
        case overlayRemoved
        /// An attribute that neither the standard's dictionary nor a rule knows.
        case unknownAttributeRemoved
        case privateAttributesRemoved
        case privateAttributesKept
        /// A value that its VR does not allow, such as words where a number belongs.
        case malformedValueRemoved
        /// A name or number of the patient's in a text that the profile keeps.
        case identifierInText
        case encapsulatedDocumentReplaced
        case structuredContentReplaced
        /// A rule keeps an attribute that the profile would not.
        case keptByRule
    }

    public let code: Code
    /// The first attribute concerned; nil where the file as a whole is meant.
    public let tag: Tag?
    /// Attributes or places concerned.
    public var count: Int

    public init(_ code: Code, tag: Tag? = nil, count: Int = 1) {
        self.code = code
        self.tag = tag
        self.count = count
    }

    /// Whether a person should look at the file before it is given away.
    public var isWarning: Bool {
        switch code {
        case .burnedInAnnotation, .mayHaveBurnedInText, .visualFeaturesNotCleaned, .pixelsNotCleaned,
            .privateAttributesKept, .keptByRule:
            true
        default: false
        }
    }

    public var description: String {
        let place = tag.map { " \($0)" } ?? ""
        return count > 1 ? "\(text)\(place) and \(count - 1) more" : text + place
    }

    private var text: String {
        switch code {
        case .burnedInAnnotation: "text is burned into the pixels"
        case .mayHaveBurnedInText: "text may be burned into the pixels"
        case .visualFeaturesNotCleaned: "recognisable visual features are not cleaned"
        case .pixelsNotCleaned: "no rule says where to clean the pixels"
        case .pixelRegionsCleaned: "regions of the pixels were blanked"
        case .bytesAfterPixelsRemoved: "bytes behind the last frame were removed"
        case .compressedCommentsRemoved: "comments in compressed frames were blanked"
        case .overlayBitsRemoved: "overlay bits in the pixels were cleared"
        case .overlayRemoved: "overlays were removed"
        case .unknownAttributeRemoved: "unknown attribute was removed"
        case .privateAttributesRemoved: "private attributes were removed"
        case .privateAttributesKept: "private attributes were kept"
        case .malformedValueRemoved: "a value that its type does not allow was removed"
        case .identifierInText: "an identifier stood in a text"
        case .encapsulatedDocumentReplaced: "the encapsulated document was replaced"
        case .structuredContentReplaced: "structured content was replaced"
        case .keptByRule: "kept by a rule"
        }
    }
}

/// Findings of one file, one of each code.
struct FindingList {
    private(set) var all: [Finding] = []

    mutating func add(_ code: Finding.Code, _ tag: Tag? = nil) {
        if let index = all.firstIndex(where: { $0.code == code }) {
            all[index].count += 1
        } else {
            all.append(Finding(code, tag: tag))
        }
    }
}
