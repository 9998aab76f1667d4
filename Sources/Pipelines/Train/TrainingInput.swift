import DICOM
import DICOMPixels
public import Datasets
import Imaging
import LightboxCore

/// The images that a model learns from and those it is judged on, as a command names them.
public struct TrainingInput: Sendable {
    /// A CSV of images, TFRecords, a folder in the layout of MIMIC-CXR-JPG or CheXpert; see ``DatasetSource``.
    public var images: String
    /// The held-out images where they stand apart; nil takes them out of `images`.
    public var heldOutImages: String?
    /// nil takes the classes from the data.
    public var labels: LabelSet?
    public var columns = TableColumns()
    public var labeler = LabelledDataset.MIMICLabeler.chexpert
    /// Only films of this view.
    public var view: ViewKind?
    /// Share of the images that is held out where the data set has no split of its own, by patient.
    public var holdout = 0.2
    public var seed: UInt64 = 0

    public init(images: String) { self.images = images }

    /// What was read.
    struct Sets {
        var training: LabelledDataset
        var heldOut: LabelledDataset?
        /// Rows and files that could not be used.
        var problems: [StageReport.Problem]

        var labels: LabelSet { training.labels }

        /// Images by split, for the manifest.
        var counts: [String: Int] { ["train": training.count, "valid": heldOut?.count ?? 0] }
    }

    /// - Throws: ``DatasetError``, also when a patient's images stand on both sides.
    func read(_ context: StageContext) throws -> Sets {
        let options = Datasets.ReadOptions(home: context.home, threads: context.threads)
        let all = try read(images, labels, options)
        var problems = all.report.problems
        let (training, heldOut): (LabelledDataset, LabelledDataset?)
        if let heldOutImages {
            let other = try read(heldOutImages, labels ?? all.labels, options)
            problems += other.report.problems
            try Self.refuseSharedPatients(all, other)
            (training, heldOut) = (all, other)
        } else {
            let parts = try all.splits.contains(.train) && all.splits.count > 1 ? all : divided(all)
            try LeakageCheck().identifiers(parts).refuseShared()
            let judged = parts.splits.contains(.valid) ? parts.only(.valid) : parts.only(.test)
            (training, heldOut) = (parts.only(.train), judged.isEmpty ? nil : judged)
        }
        guard !training.isEmpty else {
            throw InputError(.invalidInput, "\(images): there is nothing to train on.")
        }
        return Sets(training: training, heldOut: heldOut, problems: problems)
    }

    private func divided(_ dataset: LabelledDataset) throws -> LabelledDataset {
        try dataset.split(SplitChoice(validation: holdout, seed: seed))
    }

    private func read(_ text: String, _ labels: LabelSet?, _ options: Datasets.ReadOptions) throws
        -> LabelledDataset
    {
        let dataset = try DatasetSource(text, home: options.home).read(
            labels: labels, columns: columns, labeler: labeler, options: options)
        return view.map(dataset.only) ?? dataset
    }

    private static func refuseSharedPatients(_ left: LabelledDataset, _ right: LabelledDataset) throws {
        let known = Set((0..<left.count).compactMap(left.patient))
        let shared = Set((0..<right.count).compactMap(right.patient)).intersection(known)
        guard shared.isEmpty else {
            throw InputError(
                .conflict,
                "\(shared.count) patients have images on both sides: a model would be judged on people it knows. "
                    + "Split by patient (`lightbox records split --group-column …`).")
        }
    }
}

/// Decodes what data sets point at: PNG, JPEG, and the first frame of DICOM files.
let decodeAnyImage: ImageDecoder = { bytes, channels in
    guard ImageFile.Format(of: bytes) == .dicom else { return try ImageFile.decode(bytes, channels: channels) }
    return try DICOMImage(DICOMFile(bytes: bytes)).rendered(frame: 0, window: .fromFile)
}
