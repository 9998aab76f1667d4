import Foundation
import LightboxCore
import WireFormats

extension LabelledDataset {
    /// Reads TFRecords of pictures (`jpg_bytes`, `png_bytes`, `raw_bytes`, …) or of vectors (`embedding`).
    ///
    /// With a set of states, each label is an int64 feature of its name or alias, 0...3. With classes, the feature
    /// `label` is the index or the name of one; a record without it has no label. Features `patient`
    /// (`patient_id`, `subject_id`, …), `study`, `view` and `split` are taken where they are.
    ///
    /// Only framing and labels are read here; a record whose framing or message is damaged is left out and
    /// reported. Gzip shards are held in memory.
    /// - Parameters:
    ///   - paths: files, see `TFRecordShards.paths(matching:)`.
    ///   - labels: nil takes the classes from the records.
    ///   - labelFeature: the name of the feature with the class.
    public static func records(
        _ paths: [String], labels: LabelSet? = nil, labelFeature: String = "label",
        options: ReadOptions = ReadOptions()
    ) throws -> LabelledDataset {
        var shards: [RecordShard] = []
        var rest = paths.makeIterator()
        try mapInOrder(threads: options.threads) {
            rest.next()
        } transform: { path in
            try RecordShard(path: path, labels: labels, labelFeature: labelFeature)
        } consume: { shard in
            shards.append(shard)
            return true
        }
        let known = try labels ?? RecordClasses.found(in: shards)
        return try RecordTable(shards: shards, labels: known).dataset()
    }

    /// The same for a list of paths, folders and patterns, separated by commas.
    public static func records(
        matching pattern: String, labels: LabelSet? = nil, labelFeature: String = "label",
        options: ReadOptions = ReadOptions()
    ) throws -> LabelledDataset {
        let local = try pattern.split(separator: ",").map { try options.localPath(String($0)) }
        return try records(
            TFRecordShards.paths(matching: local.joined(separator: ",")), labels: labels,
            labelFeature: labelFeature, options: options)
    }
}

/// A class as a record gives it.
enum RecordClass: Sendable, Hashable {
    case index(Int64)
    case name(String)
    case none
}

/// The classes that records have when no label set is given: their names in alphabetical order, or the numbers
/// from 0 to the largest.
enum RecordClasses {
    static func found(in shards: [RecordShard]) throws -> LabelSet {
        var names: Set<String> = []
        var largest: Int64 = -1
        for row in shards.lazy.flatMap(\.rows) {
            switch row.labelClass {
            case .name(let name): names.insert(name)
            case .index(let index): largest = max(largest, index)
            case .none: break
            }
        }
        let place = shards.first?.index.path ?? ""
        guard names.isEmpty || largest < 0 else {
            throw DatasetError(.invalidLabels, place, remedy: "Some labels are names and some are numbers.")
        }
        guard largest < 10_000, !names.isEmpty || largest >= 0 else {
            throw DatasetError(
                .invalidLabels, place,
                remedy: "The records have no feature label with classes: give a label set, or name the feature.")
        }
        let found = names.isEmpty ? (0...largest).map { String($0) } : names.sorted()
        return try LabelSet(name: "records", kind: .classes, names: found)
    }
}

/// The samples of all shards in one table.
private struct RecordTable {
    let shards: [RecordShard]
    let labels: LabelSet

    func dataset() throws -> LabelledDataset {
        var table = SampleTable(labelCount: labels.count)
        var keys = Example.keyNames.map { (name: $0, texts: TextColumn(), isUsed: false) }
        var records = (name: "record", texts: TextColumn(), isUsed: false)
        var (places, numbers) = ([UInt32](), [UInt32]())
        var report = DatasetReport()
        let vectorCount = shards.lazy.flatMap(\.rows).first?.vectorCount
        for (shardNumber, shard) in shards.enumerated() {
            report.damaged += shard.problems.count
            for problem in shard.problems { report.note(problem.source, problem.reason) }
            for row in shard.rows {
                let source = "\(shard.index.path)@\(shard.index.offsets[Int(row.number)] - 12)"
                guard row.vectorCount == vectorCount else {
                    report.damaged += 1
                    report.note(source, "Its vector has another length than the first one.")
                    continue
                }
                places.append(UInt32(shardNumber))
                numbers.append(row.number)
                for place in keys.indices {
                    let text = row.key[keys[place].name] ?? ""
                    keys[place].texts.append(text)
                    if !text.isEmpty { keys[place].isUsed = true }
                }
                records.texts.append(row.key.fields.isEmpty ? source : "")
                if row.key.fields.isEmpty { records.isUsed = true }
                if labels.kind == .states { table.states += row.states }
                if labels.kind == .classes { table.classes.append(try index(of: row.labelClass, source)) }
                table.append(patient: row.patient, study: row.key.study, view: row.view, split: row.split)
            }
        }
        table.finish()
        table.keys = (keys + [records]).filter(\.isUsed).map { ($0.name, $0.texts) }
        table.sources = .records(shards: shards.map(\.index), shard: places, number: numbers)
        guard table.count > 0 else {
            throw DatasetError(
                .empty, report.problems.first?.source ?? shards.first?.index.path ?? "",
                remedy: "There is no readable record. " + (report.problems.first?.reason ?? ""))
        }
        let content = vectorCount.map { LabelledDataset.Content.vectors(count: Int($0)) } ?? .images
        return LabelledDataset(labels: labels, content: content, table: table, report: report)
    }

    private func index(of label: RecordClass, _ source: String) throws -> Int32 {
        switch label {
        case .none: return -1
        case .index(let index) where (0..<Int64(labels.count)).contains(index): return Int32(index)
        case .name(let name):
            if let index = labels.index(of: name) { return Int32(index) }
            fallthrough
        default:
            throw DatasetError(
                .invalidValue, source, remedy: "The label is none of the \(labels.count) of \(labels.name).")
        }
    }
}
