import LightboxCore
import Synchronization

/// Says of every model's training which of how many it is, and how long all of them will take.
final class StudyProgress: Sendable {
    private let pace: Mutex<StudyPace>
    private let start = ContinuousClock.now

    /// - Parameter images: that each model goes through in its whole training; 0 for one that is finished.
    init(images: [Int]) { pace = Mutex(StudyPace(images: images)) }

    /// The context of one model's training.
    ///
    /// - Parameters:
    ///   - number: of the model, from 0.
    ///   - name: `2 of 8 frontal-zeros`.
    func context(_ context: StageContext, number: Int, name: String) -> StageContext {
        var own = context
        own.progress = { update in
            var detail = update.detail
            if update.stage == "train", let total = update.total {
                let seconds = (ContinuousClock.now - self.start) / .seconds(1)
                let left = self.pace.withLock { pace in
                    pace.add(model: number, completed: update.completed, of: total, at: seconds)
                    return pace.secondsLeft
                }
                let whole = left.map { "all models " + StudyPace.text($0) + " left" }
                detail = [update.detail, whole].compactMap(\.self).joined(separator: ", ")
            }
            context.progress(
                ProgressUpdate(
                    stage: "\(name): \(update.stage)", completed: update.completed, total: update.total,
                    detail: detail))
        }
        return own
    }
}

/// Estimates how long the rest of a study takes from the images that went through so far.
struct StudyPace {
    /// Images still to go through, by model.
    private var left: [Int]
    /// Where the model under way stood last.
    private var current: (model: Int, completed: Int)?
    private var done = 0
    private var seconds = 0.0

    init(images: [Int]) { left = images }

    mutating func add(model: Int, completed: Int, of total: Int, at seconds: Double) {
        // What a run from before had done already says nothing of the pace.
        if let current, current.model == model { done += max(0, completed - current.completed) }
        current = (model, completed)
        left[model] = max(0, total - completed)
        self.seconds = seconds
    }

    /// nil before the first image is through.
    var secondsLeft: Double? {
        done > 0 ? seconds / Double(done) * Double(left.reduce(0, +)) : nil
    }

    /// `1:02:03`.
    static func text(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded())
        let parts = [whole / 60 % 60, whole % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(whole / 3600):" + parts.joined(separator: ":")
    }
}
