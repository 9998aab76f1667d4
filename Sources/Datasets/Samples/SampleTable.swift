import LightboxCore
import WireFormats

/// The samples of a data set, column by column: a hundred bytes and its path for each.
struct SampleTable: Sendable {
    /// Where the numbers are.
    enum Sources: Sendable {
        /// A folder (by number) and a path within it.
        case files(folders: [String], folder: [UInt8], names: TextColumn)
        case records(shards: [TFRecordIndex], shard: [UInt32], number: [UInt32])
        case pairs(images: TextColumn, heatmaps: TextColumn)
        case brightSpots(BrightSpots)
    }

    let labelCount: Int
    var sources: Sources
    /// Names of the key's fields, with the text of each sample; an empty text is left out of the key.
    var keys: [(name: String, texts: TextColumn)] = []
    /// `labelCount` a sample, or none at all.
    var states: [UInt8] = []
    /// One a sample, −1 for no label; or none at all.
    var classes: [Int32] = []
    var patients = SharedTextColumn()
    var studies = SharedTextColumn()
    /// Raw values, 255 for unknown.
    var views: [UInt8] = []
    var splits: [UInt8] = []

    static let unknown: UInt8 = 255

    init(labelCount: Int, sources: Sources = .files(folders: [], folder: [], names: TextColumn())) {
        self.labelCount = labelCount
        self.sources = sources
    }

    var count: Int { views.count }

    /// Adds what is known of a sample beside its source, its key and its labels.
    mutating func append(patient: String?, study: String?, view: ViewKind?, split: DataSplit?) {
        patients.append(patient)
        studies.append(study)
        views.append(view.map { UInt8($0.rawValue) } ?? Self.unknown)
        splits.append(split.map { UInt8($0.rawValue) } ?? Self.unknown)
    }

    mutating func finish() {
        patients.finish()
        studies.finish()
    }

    func view(_ row: Int) -> ViewKind? { ViewKind(rawValue: Int(views[row])) }

    func key(_ row: Int) -> InstanceKey {
        InstanceKey(
            fields: keys.compactMap { column in
                let text = column.texts[row]
                return text.isEmpty ? nil : InstanceKey.Field(column.name, text)
            })
    }

    func labelStates(_ row: Int) -> [LabelState] {
        guard !states.isEmpty else { return [] }
        return (0..<labelCount).map { LabelState(rawValue: Int(states[row * labelCount + $0]))! }
    }

    func classIndex(_ row: Int) -> Int? {
        guard !classes.isEmpty, classes[row] >= 0 else { return nil }
        return Int(classes[row])
    }

    func source(_ row: Int) -> SampleSource {
        switch sources {
        case .files(let folders, let folder, let names):
            let root = folders[Int(folder[row])]
            return .file(path: root.isEmpty ? names[row] : root + "/" + names[row])
        case .records(let shards, let shard, let number):
            let index = shards[Int(shard[row])]
            let record = Int(number[row])
            return .record(path: index.path, offset: index.offsets[record], length: Int(index.lengths[record]))
        case .pairs(let images, let heatmaps): return .pair(image: images[row], heatmap: heatmaps[row])
        case .brightSpots: return .generated(number: row)
        }
    }
}
