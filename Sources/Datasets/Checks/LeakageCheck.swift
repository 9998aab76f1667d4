public import LightboxCore

/// Looks for what a training set and the sets that judge it have in common: patients, studies, pictures.
///
/// A model that has seen a patient's other films, or the same film saved twice, is judged too well.
public struct LeakageCheck: Sendable, Codable {
    /// Bits of 64 in which two pictures may differ and still count as nearly the same; at most 7.
    public var distance = 4
    /// The same among the 192 finer bits of ``PerceptualHash/detail``.
    public var detailDistance = 40
    public var threads = 2

    public init() {}

    /// A patient or a study that stands in several splits.
    public struct Shared: Sendable, Codable, Hashable {
        /// The first eight hexadecimal digits of the identifier's SHA-256: enough to find it again in the tables,
        /// not to read it.
        public let digest: String
        public let splits: [DataSplit]
        /// Of its images.
        public let count: Int
    }

    /// Two pictures of different splits that look the same.
    public struct NearDuplicate: Sendable, Codable, Hashable {
        /// Indices of the samples in the data set; `first` is the smaller.
        public let first: Int
        public let second: Int
        /// Bits in which they differ, 0...64.
        public let distance: Int
    }

    public struct Report: Sendable, Codable, Equatable {
        public var patients: [Shared] = []
        public var studies: [Shared] = []
        /// The most alike first; the first ten thousand that are met.
        public var nearDuplicates: [NearDuplicate] = []
        /// Samples whose patient is unknown: nothing can be said of them.
        public var withoutPatient = 0
        /// Pictures that were compared; 0 when only identifiers were.
        public var hashed = 0
        public var problems: [StageReport.Problem] = []

        /// - Throws: ``DatasetError`` when a patient or a study stands in two splits; near-duplicates are only told.
        public func refuseShared() throws {
            guard !patients.isEmpty || !studies.isEmpty else { return }
            let what = patients.isEmpty ? ("studies", studies) : ("patients", patients)
            let first = what.1.prefix(3).map { shared in
                "\(shared.digest) (\(shared.splits.map(\.name).joined(separator: ", ")))"
            }
            throw DatasetError(
                .leakage,
                remedy:
                    "\(what.1.count) \(what.0) stand in more than one split, \(what.1.reduce(0) { $0 + $1.count }) "
                    + "images in all; by SHA-256 of the identifier: \(first.joined(separator: ", "))"
                    + "\(what.1.count > 3 ? ", …" : ""). Split by patient instead.")
        }
    }

    /// Compares identifiers only.
    public func identifiers(_ dataset: LabelledDataset) -> Report {
        var report = Report()
        report.patients = shared(dataset, dataset.table.patients)
        report.studies = shared(dataset, dataset.table.studies)
        report.withoutPatient =
            (0..<dataset.count).filter { dataset.table.patients.code(dataset.row($0)) == nil }.count
        return report
    }

    private func shared(_ dataset: LabelledDataset, _ column: SharedTextColumn) -> [Shared] {
        var counts = Array(
            repeating: [Int](repeating: 0, count: DataSplit.allCases.count), count: column.texts.count)
        for index in 0..<dataset.count {
            guard let code = column.code(dataset.row(index)), let split = dataset.split(of: index) else {
                continue
            }
            counts[code][split.rawValue] += 1
        }
        return counts.enumerated().compactMap { code, counts in
            let splits = DataSplit.allCases.filter { counts[$0.rawValue] > 0 }
            guard splits.count > 1 else { return nil }
            let digest = ContentHash(of: column.texts[code].utf8).description.prefix(8)
            return Shared(digest: String(digest), splits: splits, count: counts.reduce(0, +))
        }
    }

    /// Compares identifiers and pictures; reads every image once.
    ///
    /// - Parameter decode: reads a file's bytes; PNG and JPEG unless told.
    public func run(
        _ dataset: LabelledDataset, decode: ImageDecoder? = nil,
        progress: ProgressHandler? = nil
    ) throws -> Report {
        precondition((0...HashIndex.reach).contains(distance) && threads > 0)
        var report = identifiers(dataset)
        guard dataset.content == .images else { return report }
        let reader = SampleReader(
            dataset: dataset, preprocessing: nil, augmentation: .none, seed: 0, decoder: decode)
        var hashes: [Int: PerceptualHash] = [:]
        var next = 0
        try mapInOrder(threads: threads) { () -> Int? in
            next += 1
            return next <= dataset.count ? next - 1 : nil
        } transform: { index in
            (index, Result { PerceptualHash(try reader.image(index, channels: 1)) })
        } consume: { index, result in
            switch result {
            case .success(let hash):
                hashes[index] = hash
            case .failure(let error):
                report.problems.append(.init(source: dataset[index].source.name, error: error))
            }
            progress?(ProgressUpdate(stage: "leakage check", completed: index + 1, total: dataset.count))
            return true
        }
        report.hashed = hashes.count
        report.nearDuplicates = pairs(hashes, dataset)
        return report
    }

    /// At most so many pairs are listed.
    static let listed = 10_000

    /// Pairs across splits; pictures with the same hash are looked up once, however many there are.
    private func pairs(_ hashes: [Int: PerceptualHash], _ dataset: LabelledDataset) -> [NearDuplicate] {
        // Under each hash its samples, split by split.
        var members: [UInt64: [[Int]]] = [:]
        let none = DataSplit.allCases.map { _ in [Int]() }
        for index in 0..<dataset.count {
            guard let hash = hashes[index], let split = dataset.split(of: index) else { continue }
            members[hash.bits, default: none][split.rawValue].append(index)
        }
        let unique = members.keys.sorted()
        let table = HashIndex(unique)
        var found: [NearDuplicate] = []
        for (place, hash) in unique.enumerated() where found.count < Self.listed {
            table.forEach(near: hash, within: distance) { other in
                guard other >= place else { return }
                let apart = (hash ^ unique[other]).nonzeroBitCount
                let (here, there) = (members[hash]!, members[unique[other]]!)
                for left in DataSplit.allCases {
                    // A hash meets itself once, another one both ways round.
                    for right in DataSplit.allCases
                    where other > place ? left != right : left.rawValue < right.rawValue {
                        add(here[left.rawValue], there[right.rawValue], apart, hashes, to: &found)
                    }
                }
            }
        }
        return found.sorted { ($0.distance, $0.first, $0.second) < ($1.distance, $1.first, $1.second) }
    }

    private func add(
        _ left: [Int], _ right: [Int], _ apart: Int, _ hashes: [Int: PerceptualHash],
        to found: inout [NearDuplicate]
    ) {
        for one in left {
            for other in right where hashes[one]!.detailDistance(to: hashes[other]!) <= detailDistance {
                guard found.count < Self.listed else { return }
                found.append(NearDuplicate(first: min(one, other), second: max(one, other), distance: apart))
            }
        }
    }
}
