import DICOM
import LightboxCore

/// A rectangle in an image, in pixels from its upper left corner; what lies outside the image does not matter.
public struct PixelRegion: Sendable, Hashable {
    public var left: Int
    public var top: Int
    public var width: Int
    public var height: Int

    public init(left: Int, top: Int, width: Int, height: Int) {
        (self.left, self.top, self.width, self.height) = (left, top, width, height)
    }

    func contains(_ column: Int, _ row: Int) -> Bool {
        column >= left && row >= top && column - left < width && row - top < height
    }
}

/// Where images of one kind have text. All conditions given have to hold.
public struct PixelRule: Sendable, Hashable {
    /// `US`
    public var modality: String?
    /// Patterns with `*` and `?`, in any case: `GE*`.
    public var manufacturer: String?
    public var model: String?
    public var sopClassUID: String?
    public var rows: Int?
    public var columns: Int?
    /// Whether Burned In Annotation has to say YES (true) or anything else (false).
    public var burnedInAnnotation: Bool?
    /// What to blank.
    public var blank: [PixelRegion]
    /// What to leave: all around these regions is blanked, when there are any.
    public var outside: [PixelRegion]
    /// Blank what none of Sequence of Ultrasound Regions covers (PS3.3 C.8.5.5).
    public var isOutsideUltrasoundRegions: Bool

    public init(
        modality: String? = nil, manufacturer: String? = nil, model: String? = nil, sopClassUID: String? = nil,
        rows: Int? = nil, columns: Int? = nil, burnedInAnnotation: Bool? = nil, blank: [PixelRegion] = [],
        outside: [PixelRegion] = [], isOutsideUltrasoundRegions: Bool = false
    ) {
        self.modality = modality
        self.manufacturer = manufacturer
        self.model = model
        self.sopClassUID = sopClassUID
        self.rows = rows
        self.columns = columns
        self.burnedInAnnotation = burnedInAnnotation
        self.blank = blank
        self.outside = outside
        self.isOutsideUltrasoundRegions = isOutsideUltrasoundRegions
    }

    func fits(_ dataSet: DataSet) -> Bool {
        func matches(_ pattern: String?, _ tag: Tag) -> Bool {
            guard let pattern else { return true }
            return Glob(pattern.lowercased()).matches((dataSet.string(tag) ?? "").lowercased())
        }
        if let rows, rows != dataSet.int(.rows) { return false }
        if let columns, columns != dataSet.int(.columns) { return false }
        if let burnedInAnnotation {
            let says = dataSet.string(MethodAttributes.burnedInAnnotation) == "YES"
            if says != burnedInAnnotation { return false }
        }
        if let modality, modality != dataSet.string(.modality) { return false }
        if let sopClassUID, sopClassUID != dataSet.string(.sopClassUID) { return false }
        return matches(manufacturer, .manufacturer) && matches(model, .manufacturerModelName)
    }

    /// Which regions to blank and which to leave in this image; nil when the rule asks for ultrasound regions and
    /// the data set has none.
    func mask(for dataSet: DataSet) -> PixelMask? {
        var kept = outside
        if isOutsideUltrasoundRegions {
            let regions = dataSet.items(Tag(0x0018, 0x6011)).compactMap(Self.ultrasoundRegion)
            guard !regions.isEmpty else { return nil }
            kept += regions
        }
        return PixelMask(blank: blank, kept: kept)
    }

    private static func ultrasoundRegion(_ item: DataSet) -> PixelRegion? {
        guard let left = item.int(Tag(0x0018, 0x6018)), let top = item.int(Tag(0x0018, 0x601a)),
            let right = item.int(Tag(0x0018, 0x601c)), let bottom = item.int(Tag(0x0018, 0x601e)),
            right >= left, bottom >= top
        else { return nil }
        return PixelRegion(left: left, top: top, width: right - left + 1, height: bottom - top + 1)
    }
}

/// Which pixels of a frame become black.
struct PixelMask {
    let blank: [PixelRegion]
    /// Empty means all.
    let kept: [PixelRegion]

    /// Whether it can blank anything in an image of this size. One that keeps regions is about the whole image, and may
    /// find nothing around them.
    func reaches(_ dataSet: DataSet) -> Bool {
        let (rows, columns) = (dataSet.int(.rows) ?? .max, dataSet.int(.columns) ?? .max)
        return !kept.isEmpty
            || blank.contains { region in
                region.width > 0 && region.height > 0 && region.left < columns && region.top < rows
                    && region.left > -region.width && region.top > -region.height
            }
    }

    /// The pixels of one row to blank, as ranges of columns.
    func ranges(row: Int, columns: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        for column in 0...columns {
            let isBlank = column < columns && blanks(column, row)
            if isBlank, start == nil { start = column }
            if !isBlank, let from = start {
                ranges.append(from..<column)
                start = nil
            }
        }
        return ranges
    }

    private func blanks(_ column: Int, _ row: Int) -> Bool {
        if blank.contains(where: { $0.contains(column, row) }) { return true }
        return !kept.isEmpty && !kept.contains { $0.contains(column, row) }
    }
}
