/// Stored values to values of the modality, such as Hounsfield units (PS3.3 C.11.1).
public enum ModalityTransform: Sendable, Hashable {
    case identity
    case rescale(slope: Double, intercept: Double)
    case table(LookupTable)

    /// Reads what holds for one frame: its own functional group, the shared one, or the data set itself.
    ///
    /// - Parameter frame: counted from 0.
    public init(_ dataSet: DataSet, frame: Int = 0, isSigned: Bool) throws {
        if let item = dataSet.items(.modalityLUTSequence).first {
            self = .table(try LookupTable(item: item, inputIsSigned: isSigned))
            return
        }
        let source = dataSet.functionalGroup(.pixelValueTransformationSequence, frame: frame) ?? dataSet
        guard let slope = source.double(.rescaleSlope), let intercept = source.double(.rescaleIntercept),
            slope.isFinite, intercept.isFinite, slope != 0
        else {
            self = .identity
            return
        }
        self = slope == 1 && intercept == 0 ? .identity : .rescale(slope: slope, intercept: intercept)
    }

    public func apply(_ stored: Double) -> Double {
        switch self {
        case .identity: stored
        case .rescale(let slope, let intercept): stored * slope + intercept
        case .table(let table): table[stored]
        }
    }
}

extension DataSet {
    /// The item of a functional group macro: the frame's own, else the one all frames share (PS3.3 C.7.6.16).
    func functionalGroup(_ sequence: Tag, frame: Int) -> DataSet? {
        if case .sequence(let frames)? = self[.perFrameFunctionalGroupsSequence]?.value,
            frames.indices.contains(frame), let own = frames[frame].items(sequence).first
        {
            return own
        }
        return items(.sharedFunctionalGroupsSequence).first?.items(sequence).first
    }
}

extension Tag {
    static let sharedFunctionalGroupsSequence = Tag(0x5200, 0x9229)
    static let perFrameFunctionalGroupsSequence = Tag(0x5200, 0x9230)
    static let pixelValueTransformationSequence = Tag(0x0028, 0x9145)
    static let frameVOILUTSequence = Tag(0x0028, 0x9132)
    static let pixelPaddingRangeLimit = Tag(0x0028, 0x0121)
}
