import DICOM

/// Which overlay groups of a data set stay: all attributes of one or none (PS3.3 C.9.2).
struct OverlayChoice {
    private var kept: Set<UInt16> = []
    private(set) var firstRemoved: Tag?

    /// Graphics may be letters, regions of interest are not (PS3.15 E.3.3): Clean Graphics keeps the latter.
    init(_ dataSet: DataSet, _ plan: ActionPlan) {
        for element in dataSet.elements where element.tag.group & 0xff01 == 0x6000 {
            let group = element.tag.group
            let data = Tag(group, 0x3000)
            guard element.tag == data || dataSet[data] == nil else { continue }
            let keeps: Bool
            switch plan.rule(for: data, dataSet[data]?.vr ?? .OW, creator: nil) {
            case .keep?: keeps = true
            case .some: keeps = false
            case nil:
                let isRegion = dataSet.string(Tag(group, 0x0040)) == "R" && dataSet[data] != nil
                keeps = plan.profile == .keepAll || plan.has(.cleanGraphics) && isRegion
            }
            if keeps { kept.insert(group) } else if firstRemoved == nil { firstRemoved = element.tag }
        }
    }

    var removesAny: Bool { firstRemoved != nil }

    func keeps(_ tag: Tag) -> Bool { kept.contains(tag.group) }
}
