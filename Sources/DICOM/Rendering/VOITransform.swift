/// Modality values to display values (PS3.3 C.11.2).
public enum VOITransform: Sendable, Hashable {
    case window(Window)
    case table(LookupTable)
    /// The least and the greatest value of the frame, which the renderer finds.
    case fullRange

    /// Chooses by what the data set offers for one frame.
    ///
    /// - Throws: ``DICOMError`` when the file has windows, but not the one that is asked for.
    public init(_ choice: WindowChoice, in dataSet: DataSet, frame: Int = 0, inputIsSigned: Bool) throws {
        switch choice {
        case .custom(let center, let width): self = .window(Window(center: center, width: width))
        case .full: self = .fullRange
        case .file(let index):
            let source = dataSet.functionalGroup(.frameVOILUTSequence, frame: frame) ?? dataSet
            if let window = try Window(in: source, index: index) {
                self = .window(window)
            } else if let item = source.items(.voiLUTSequence).first {
                self = .table(try LookupTable(item: item, inputIsSigned: inputIsSigned))
            } else {
                self = .fullRange
            }
        }
    }
}

extension Window {
    /// The window of an index, nil when the data set has none at all or its widths make no sense.
    init?(in dataSet: DataSet, index: Int) throws {
        let centers = dataSet.doubles(.windowCenter)
        let widths = dataSet.doubles(.windowWidth)
        guard !centers.isEmpty, !widths.isEmpty else { return nil }
        guard centers.indices.contains(index), widths.indices.contains(index) else {
            throw DICOMError(
                .invalidAttribute, tag: .windowCenter,
                "The file has \(min(centers.count, widths.count)) windows. Pass one of them, or full.")
        }
        let term = dataSet.string(.voiLUTFunction)?.uppercased()
        let function = term.flatMap(Function.init(rawValue:)) ?? .linear
        guard Window.isValid(center: centers[index], width: widths[index], function: function) else { return nil }
        self.init(center: centers[index], width: widths[index], function: function)
    }
}
