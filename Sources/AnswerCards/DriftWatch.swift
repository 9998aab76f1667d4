import Analysis
import LightboxCore
import Synchronization

/// Watches the answers of one model, and says when its images, taken together, stop looking like those that it was made
/// from.
public final class DriftWatch: Sendable {
    private struct State: Sendable {
        var monitor: DriftMonitor
        /// The latest images: asking twice is no news.
        var seen: [ContentHash] = []
        var next = 0
    }

    private static let memory = 4096
    private let state: Mutex<State>

    /// nil for a model that knows nothing of the cases it was made from.
    public init?(_ maker: CardMaker) {
        guard let cases = maker.ownCases else { return nil }
        state = Mutex(State(monitor: DriftMonitor(training: cases)))
    }

    /// Takes an answer.
    ///
    /// - Returns: what is to be said of all answers so far.
    public func watch(_ answer: AnswerCard.Answer) -> AnswerCard.Drift? {
        state.withLock { state in
            if let novelty = answer.novelty, !state.seen.contains(answer.image.sha256) {
                state.monitor.add(pValue: novelty.pValue)
                if state.seen.count < Self.memory {
                    state.seen.append(answer.image.sha256)
                } else {
                    state.seen[state.next] = answer.image.sha256
                    state.next = (state.next + 1) % Self.memory
                }
            }
            return Self.drift(state.monitor)
        }
    }

    /// nil before the first answer.
    public var drift: AnswerCard.Drift? { state.withLock { Self.drift($0.monitor) } }

    private static func drift(_ monitor: DriftMonitor) -> AnswerCard.Drift? {
        guard monitor.count > 0 else { return nil }
        return AnswerCard.Drift(
            images: monitor.count, evidence: monitor.statistic, alarmsEvery: monitor.alarmsEvery,
            isDrifting: monitor.isAlarming)
    }
}
