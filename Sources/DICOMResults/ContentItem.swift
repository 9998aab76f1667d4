import DICOM

/// One item of a structured report's tree, with those below it (PS3.3 C.17.3).
struct ContentItem {
    enum Relationship: String {
        case contains = "CONTAINS"
        case hasObservationContext = "HAS OBS CONTEXT"
        case hasConceptModifier = "HAS CONCEPT MOD"
    }

    private let relationship: Relationship
    private let valueType: String
    private let name: Code
    private let content: [Element]
    private let children: [ContentItem]

    private init(
        _ relationship: Relationship, _ valueType: String, _ name: Code, _ content: [Element],
        _ children: [ContentItem] = []
    ) {
        self.relationship = relationship
        self.valueType = valueType
        self.name = name
        self.content = content
        self.children = children
    }

    static func text(_ relationship: Relationship, _ name: Code, _ text: String) -> ContentItem {
        ContentItem(relationship, "TEXT", name, [.text(.textValue, text.isEmpty ? "-" : text)])
    }

    static func code(_ relationship: Relationship, _ name: Code, _ value: Code) -> ContentItem {
        ContentItem(relationship, "CODE", name, [.sequence(.conceptCodeSequence, [value.item])])
    }

    static func uid(_ relationship: Relationship, _ name: Code, _ uid: String) -> ContentItem {
        ContentItem(relationship, "UIDREF", name, [.text(.uidValue, uid)])
    }

    /// - Parameter value: written with the digits that tell it from other 32-bit numbers.
    static func number(
        _ relationship: Relationship, _ name: Code, _ value: Float, unit: Code, _ children: [ContentItem] = []
    ) -> ContentItem {
        let measured = DataSet([
            .text(.numericValue, value.description), .sequence(.measurementUnitsCodeSequence, [unit.item]),
        ])
        return ContentItem(relationship, "NUM", name, [.sequence(.measuredValueSequence, [measured])], children)
    }

    static func image(_ relationship: Relationship, _ name: Code, _ source: SourceImage, frame: Int?)
        -> ContentItem
    {
        ContentItem(
            relationship, "IMAGE", name, [.sequence(.referencedSOPSequence, [source.reference(frame: frame)])])
    }

    /// - Parameter template: of PS3.16, where the container is one's root.
    static func container(_ name: Code, template: String? = nil, _ children: [ContentItem]) -> ContentItem {
        var content = [Element.text(.continuityOfContent, "SEPARATE")]
        if let template {
            content.append(
                .sequence(
                    .contentTemplateSequence,
                    [DataSet([.text(.mappingResource, "DCMR"), .text(.templateIdentifier, template)])]))
        }
        return ContentItem(.contains, "CONTAINER", name, content, children)
    }

    /// As an item of its parent's Content Sequence.
    var item: DataSet { DataSet([.text(.relationshipType, relationship.rawValue)] + rootElements) }

    /// As the root of the tree, which has no parent: the document's own attributes.
    var rootElements: [Element] {
        [.text(.valueType, valueType), .sequence(.conceptNameCodeSequence, [name.item])] + content
            + (children.isEmpty ? [] : [.sequence(.contentSequence, children.map(\.item))])
    }

    /// Whether a code of the private scheme occurs.
    var usesOwnScheme: Bool {
        let values = content.flatMap { element -> [DataSet] in
            if case .sequence(let items) = element.value { items } else { [] }
        }
        return name.scheme == Code.ownScheme
            || values.contains { $0.string(.codingSchemeDesignator) == Code.ownScheme }
            || children.contains(where: \.usesOwnScheme)
    }
}
