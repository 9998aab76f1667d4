import DICOM
import DICOMPixels
import DICOMResults
import Datasets
import LightboxCore

/// One file of ``ResultsStage``: read, judged, and its results written.
struct ResultsJob: Sendable {
    let judge: ResultsJudge
    let authorship: Authorship
    let heatmaps: ResultsStage.Heatmaps
    let view: ViewKind?
    let frames: FrameChoice
    let target: ResultsTarget

    /// How many objects were written and were there, and what went wrong with the file.
    struct Outcome: Sendable {
        var written = 0
        var unchanged = 0
        var problem: StageReport.Problem?
    }

    /// One frame with what is said of it.
    private struct Judged {
        /// From 1; nil in an image with a single one.
        let frame: Int?
        let picture: Image
        let prediction: Prediction?
        let maps: [ResultsJudge.LabelMap]
    }

    func run(_ path: String) -> Outcome {
        var outcome = Outcome()
        do {
            let file = try DICOMFile(path: path)
            guard isWanted(file.dataSet) else { return outcome }
            let source = try SourceImage(file.dataSet)
            let chosen = frames.indices(of: source.frameCount).map { source.frameCount > 1 ? $0 + 1 : nil }
            guard !chosen.isEmpty else { return outcome }
            let known = try expected(source, chosen).map { try target.contains($0) }
            if !known.isEmpty && !known.contains(false) {
                outcome.unchanged = known.count
                return outcome
            }
            let image = try DICOMImage(file)
            let judged = try chosen.map { try judge(image, frame: $0) }
            try write(judged, of: source, &outcome)
        } catch {
            outcome.problem = StageReport.Problem(source: path, error: Self.named(error, path))
        }
        return outcome
    }

    private static func named(_ error: any Error, _ path: String) -> any Error {
        guard var error = error as? DICOMError else { return error }
        error.file = path
        return error
    }

    /// Objects that hold numbers rather than a picture: segmentations, parametric maps, doses.
    private static let otherClasses: Set<String> = [
        "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.30",
        "1.2.840.10008.5.1.4.1.1.481.2",
    ]

    private func isWanted(_ dataSet: DataSet) -> Bool {
        guard dataSet.int(.rows) != nil, !SourceImage.isResult(dataSet),
            !Self.otherClasses.contains(dataSet.string(.sopClassUID) ?? "")
        else { return false }
        return view == nil || dataSet.string(.viewPosition).flatMap { ViewKind($0) } == view
    }

    /// The objects that are known by name before anything is computed; none where the labels found name them.
    private func expected(_ source: SourceImage, _ frames: [Int?]) -> [InstanceKey] {
        guard heatmaps != .capture else { return [] }
        let report = PredictionReport.key(frames.map { (source, $0) }, authorship.algorithm)
        let segmentation = HeatmapSegmentation.key(of: source, frames: frames, authorship.algorithm)
        return (judge.hasScores ? [report] : []) + (heatmaps == .segmentation ? [segmentation] : [])
    }

    private func judge(_ image: DICOMImage, frame: Int?) throws -> Judged {
        let picture = try image.rendered(frame: (frame ?? 1) - 1, window: .fromFile)
        let prediction = try judge.prediction(of: picture)
        let maps = heatmaps == .none ? [] : try judge.maps(of: picture, prediction)
        return Judged(frame: frame, picture: picture, prediction: prediction, maps: maps)
    }

    // MARK: Writing

    private func write(_ judged: [Judged], of source: SourceImage, _ outcome: inout Outcome) throws {
        if let report = report(judged, of: source) {
            try put(report.key, &outcome) { try report.file() }
        }
        switch heatmaps {
        case .none: break
        case .capture:
            let maps = judged.flatMap { judged in judged.maps.map { (judged, $0) } }
            for (number, (judged, map)) in maps.enumerated() {
                var capture = HeatmapCapture(
                    HeatOverlay.picture(of: judged.picture, map.map), of: map.label, in: source,
                    frame: judged.frame,
                    by: authorship)
                capture.instanceNumber = maps.count > 1 ? number + 1 : nil
                try put(capture.key, &outcome) { capture.file() }
            }
        case .segmentation:
            let maps = judged.flatMap { judged in
                judged.maps.map { HeatmapSegmentation.Map($0.label, frame: judged.frame, values: $0.map) }
            }
            let segmentation = HeatmapSegmentation(maps, in: source, by: authorship)
            try put(segmentation.key, &outcome) { segmentation.file() }
        }
    }

    private func report(_ judged: [Judged], of source: SourceImage) -> PredictionReport? {
        let groups = judged.compactMap { judged in
            judged.prediction.map { PredictionReport.Group(source, frame: judged.frame, scores: scores($0)) }
        }
        guard !groups.isEmpty else { return nil }
        var report = PredictionReport(groups, by: authorship)
        report.isComplete = judged.count == source.frameCount
        return report
    }

    private func scores(_ prediction: Prediction) -> [PredictionReport.Score] {
        // One score more than there are labels stands for images without any.
        let labels =
            prediction.labels + (prediction.scores.count > prediction.labels.count ? ["none of these"] : [])
        let found = Set(prediction.found)
        return zip(labels, prediction.scores).map { label, score in
            .init(label, score, isFound: prediction.thresholds[label].map { _ in found.contains(label) })
        }
    }

    private func put(_ key: InstanceKey, _ outcome: inout Outcome, _ file: () throws -> DICOMFile) throws {
        let isNew = try !target.contains(key) && target.add(file(), key)
        if isNew { outcome.written += 1 } else { outcome.unchanged += 1 }
    }
}
