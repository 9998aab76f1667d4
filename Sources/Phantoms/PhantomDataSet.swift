import DICOM
import Foundation
public import LightboxCore
import Synchronization

/// A folder of synthetic radiographs with their labels: something to try every step on, without patient data.
///
/// `study/series/instance.dcm`, and `labels.csv` with a row per picture. The same values give the same bytes,
/// whatever the number of processors.
public struct PhantomDataSet: Sendable {
    public let generator: RadiographGenerator
    /// 60 patients make about 200 pictures.
    public let patientCount: Int
    /// What part of the patients is set aside for validation. No patient is on both sides.
    public let validationShare: Double

    public init(seed: UInt64 = 1, patients: Int = 60, size: Int = 512, validationShare: Double = 0.2) {
        precondition(patients > 0)
        generator = RadiographGenerator(seed: seed, size: size)
        patientCount = patients
        self.validationShare = validationShare
    }

    /// One picture to be made, and where it belongs.
    public struct Entry: Sendable {
        public let patient: PhantomPatient
        public let study: PhantomStudy
        public let view: ProjectionView
        public let key: InstanceKey
        public let isForValidation: Bool

        /// `study/series/instance.dcm`.
        public var path: String { "\(key.study!)/\(key.series!)/\(key.instance!).dcm" }
    }

    /// All pictures, without making them.
    public var entries: [Entry] { (1...patientCount).flatMap { entries(of: generator.patient($0)) } }

    private func entries(of patient: PhantomPatient) -> [Entry] {
        var draw = Draw(seed: generator.seed, stream: "split \(patient.number)")
        let isForValidation = Double(draw.uniform()) < validationShare
        return patient.studies.flatMap { study in
            study.views.map { view in
                let identity = Identity(seed: generator.seed, patient: patient, study: study, view: view)
                return Entry(
                    patient: patient, study: study, view: view, key: identity.key, isForValidation: isForValidation
                )
            }
        }
    }

    public func radiograph(_ entry: Entry) -> Radiograph {
        generator.radiograph(of: entry.patient, study: entry.study, view: entry.view)
    }

    /// Writes the whole set into an existing folder, on all processors.
    ///
    /// - Returns: what was written; `outputs` names `labels.csv`.
    /// - Throws: the first file that could not be written.
    public func write(to folder: String, progress: ProgressHandler? = nil) throws -> StageReport {
        let entries = entries
        let state = Mutex(WriteState())
        DispatchQueue.concurrentPerform(iterations: entries.count) { index in
            guard state.withLock({ $0.failure == nil }) else { return }
            do {
                try write(entries[index], into: folder)
            } catch {
                state.withLock { $0.failure = $0.failure ?? error }
                return
            }
            let done = state.withLock { state in
                state.done += 1
                return state.done
            }
            progress?(ProgressUpdate(stage: "phantoms", completed: done, total: entries.count))
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        let labels = folder + "/labels.csv"
        try AtomicFile.write(Array(LabelTable(entries).csv.utf8), to: labels)
        var report = StageReport(stage: "phantoms")
        report.written = entries.count
        report.outputs = [labels]
        return report
    }

    private func write(_ entry: Entry, into folder: String) throws {
        let path = folder + "/" + entry.path
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try radiograph(entry).file.write(to: path)
    }
}

private struct WriteState {
    var done = 0
    var failure: (any Error)?
}
