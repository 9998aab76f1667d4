import LightboxCore
import WireFormats

/// What is known of the records of one shard, without their pictures.
struct RecordShard: Sendable {
    struct Row: Sendable {
        /// In the shard's index.
        let number: UInt32
        let key: InstanceKey
        let patient: String?
        let view: ViewKind?
        let split: DataSplit?
        let states: [UInt8]
        let labelClass: RecordClass
        /// nil for a picture.
        let vectorCount: Int32?
    }

    let index: TFRecordIndex
    private(set) var rows: [Row] = []
    private(set) var problems: [StageReport.Problem] = []

    /// - Throws: ``DatasetError`` for a record whose labels are not what the label set says.
    init(path: String, labels: LabelSet?, labelFeature: String) throws {
        index = try TFRecordIndex(path: path)
        defer { index.releaseAll() }
        var names: [String]?
        for number in 0..<index.count {
            let example: Example
            do {
                example = try Example(serialized: index.bytes(number))
            } catch {
                problems.append(.init(source: place(number), error: error))
                continue
            }
            if labels?.kind == .states, names == nil {
                names = try Self.features(of: labels!, example, place(number))
            }
            try add(example, number, names ?? [], labelFeature)
        }
        if let problem = index.problem {
            problems.append(.init(source: problem.source, reason: problem.description))
        }
    }

    private func place(_ number: Int) -> String { "\(index.path)@\(index.offsets[number] - 12)" }

    private mutating func add(
        _ example: Example, _ number: Int, _ names: [String], _ labelFeature: String
    ) throws {
        let vector = VectorFeature.values(of: example)
        let hasPicture = example.imageFeatureName != nil
        guard hasPicture || vector != nil else {
            problems.append(.init(source: place(number), reason: "There is neither a picture nor a vector."))
            return
        }
        var states: [UInt8] = []
        for name in names {
            guard let values = example.ints(name), values.count == 1, (0...3).contains(values[0]) else {
                throw DatasetError(
                    .invalidValue, "\(place(number)) feature \(name)",
                    remedy: "A label is one int64: " + LabelCoding.states.rule)
            }
            states.append(UInt8(values[0]))
        }
        rows.append(
            Row(
                number: UInt32(number), key: example.imageKey,
                patient: LabelledImages.patientNames.lazy.compactMap { example.scalarText($0) }.first,
                view: (example.scalarText("view") ?? example.scalarText("view_position")).flatMap { ViewKind($0) },
                split: (example.scalarText("split") ?? example.scalarText("dataset")).flatMap { DataSplit($0) },
                states: states,
                labelClass: names.isEmpty ? try labelClass(example, labelFeature, number) : .none,
                vectorCount: hasPicture ? nil : vector.map { Int32($0.count) }))
    }

    private func labelClass(_ example: Example, _ name: String, _ number: Int) throws -> RecordClass {
        switch example[name] {
        case nil: return .none
        case .ints(let values) where values.isEmpty: return .none
        case .ints(let values) where values.count == 1: return .index(values[0])
        case .bytes where example.text(name) != nil:
            return example.text(name)!.isEmpty ? .none : .name(example.text(name)!)
        default:
            throw DatasetError(
                .invalidValue, "\(place(number)) feature \(name)",
                remedy: "A class is one int64, its index, or one text, its name.")
        }
    }

    /// The feature of each label, under its name or an alias.
    private static func features(of labels: LabelSet, _ example: Example, _ place: String) throws -> [String] {
        let present = example.features.keys.sorted()
        let found = labels.columns(among: present)
        let missing = zip(labels.names, found).filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty else {
            throw DatasetError(
                .missingColumn, place,
                remedy: "There is no feature for \(missing.joined(separator: ", ")); the record has "
                    + "\(present.joined(separator: ", ")).")
        }
        return found.map { present[$0!] }
    }
}

extension Example {
    /// A feature's only text or number, as text; nil when it is missing or empty.
    fileprivate func scalarText(_ name: String) -> String? {
        switch features[name] {
        case .ints(let values) where values.count == 1: String(values[0])
        case .bytes: text(name).flatMap { $0.isEmpty ? nil : $0 }
        default: nil
        }
    }
}
