package import LightboxCore
import Synchronization

/// Draws progress on standard error: one line, redrawn ten times a second at most, on a terminal; a plain line
/// every few seconds anywhere else. Takes updates from any thread.
package final class ProgressBar: Sendable {
    /// Where and how to draw.
    package struct Surface: Sendable {
        /// Letters in a terminal's line; nil writes plain lines.
        package var width: (@Sendable () -> Int)?
        package var isColoured = false
        package var isUnicode = false
        package var write: @Sendable (String) -> Void
        /// Seconds from any fixed moment, never going back.
        package var now: @Sendable () -> Double

        package init(
            width: (@Sendable () -> Int)?, write: @escaping @Sendable (String) -> Void,
            now: @escaping @Sendable () -> Double
        ) {
            self.width = width
            self.write = write
            self.now = now
        }
    }

    private struct State {
        var stage: String?
        var first = 0
        var completed = 0
        var total: Int?
        var detail: String?
        var start = 0.0
        var lastDrawn = 0.0
        var meter = RateMeter()
        var isLineOpen = false
        var isDrawn = false
    }

    private let surface: Surface
    private let state = Mutex(State())
    private static let clearLine = "\r\u{1B}[2K"

    package init(_ surface: Surface) { self.surface = surface }

    /// Draws if it is time to.
    package func update(_ update: ProgressUpdate) {
        state.withLock { state in
            let now = surface.now()
            if state.stage != update.stage {
                end(&state, at: now)
                state.stage = update.stage
                (state.first, state.start) = (update.completed, now)
                // A terminal shows that something began; a log waits, since most stages are short.
                state.lastDrawn = surface.width == nil ? now : -.infinity
            }
            (state.completed, state.total, state.detail) = (update.completed, update.total, update.detail)
            state.meter.add(completed: update.completed, at: now)
            if now - state.lastDrawn >= (surface.width == nil ? 5 : 0.1) { draw(&state, at: now) }
        }
    }

    /// Writes the last line of the stage under way, if there is one; a new stage may begin afterwards.
    package func finish() {
        state.withLock { end(&$0, at: surface.now()) }
    }

    private func draw(_ state: inout State, at now: Double) {
        guard let stage = state.stage else { return }
        let text = ProgressText(
            stage: stage, completed: state.completed, total: state.total, rate: state.meter.rate,
            elapsed: now - state.start, detail: state.detail)
        if let width = surface.width {
            let bar = text.bar(width: width(), isColoured: surface.isColoured, isUnicode: surface.isUnicode)
            surface.write(Self.clearLine + bar)
            state.isLineOpen = true
        } else {
            surface.write(text.line + "\n")
        }
        state.lastDrawn = now
        state.isDrawn = true
    }

    private func end(_ state: inout State, at now: Double) {
        defer { state = State() }
        guard let stage = state.stage else { return }
        let elapsed = now - state.start
        if state.isLineOpen { surface.write(Self.clearLine) }
        // What took no time needs no line: the report follows.
        guard elapsed >= 1 || (state.isDrawn && surface.width == nil) else { return }
        let text = ProgressText(
            stage: stage, completed: state.completed, total: state.total,
            rate: Double(state.completed - state.first) / elapsed, elapsed: elapsed)
        surface.write(text.ending + "\n")
    }
}
