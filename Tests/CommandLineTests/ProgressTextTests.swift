import Foundation
import LightboxCore
import Synchronization
import Testing
import lightbox

@Suite("Progress text") struct ProgressTextTests {
    let half = ProgressText(stage: "embed", completed: 1350, total: 2700, rate: 52.08, elapsed: 26)

    @Test("A log's line says count, share, rate and time left") func line() {
        #expect(half.line == "embed: 1,350 of 2,700 (50 %), 52.1/s, 0:26 left")
    }

    @Test("Without a total there is no share and no time left") func unknownTotal() {
        let text = ProgressText(stage: "import", completed: 12, total: nil, rate: 4, elapsed: 3)
        #expect(text.line == "import: 12, 4.0/s")
        #expect(text.bar(width: 80, isColoured: true, isUnicode: true) == "import  12  4.0/s")
    }

    @Test("A bar fits its terminal", arguments: [0, 1, 20, 40, 60, 80, 200])
    func fits(width: Int) {
        #expect(half.bar(width: width, isColoured: false, isUnicode: true).count <= max(0, width - 1))
    }

    @Test("A bar is filled by its share") func bar() {
        let bar = half.bar(width: 100, isColoured: false, isUnicode: false)
        let cells = String(repeating: "#", count: 20) + String(repeating: ".", count: 20)
        #expect(bar == "embed  \(cells)  50 %  1,350/2,700  52.1/s  0:26 left")
    }

    @Test("Colour only where it is wanted") func colour() {
        #expect(half.bar(width: 100, isColoured: true, isUnicode: true).contains("\u{1B}[32m"))
        #expect(!half.bar(width: 100, isColoured: false, isUnicode: true).contains("\u{1B}"))
    }

    @Test("More than the total, or a total of nothing, does no harm", arguments: [(5, 3), (0, 0), (1, 0)])
    func odd(completed: Int, total: Int) {
        let text = ProgressText(stage: "s", completed: completed, total: total, rate: .infinity, elapsed: 0)
        #expect(text.bar(width: 80, isColoured: false, isUnicode: false).contains("100 %"))
        #expect(!text.line.contains("left"))
    }

    @Test("The last line has the whole stage's time") func ending() {
        let done = ProgressText(stage: "embed", completed: 2700, total: 2700, rate: 51.92, elapsed: 52)
        #expect(done.ending == "embed: 2,700 in 0:52 (51.9/s)")
        let stopped = ProgressText(stage: "embed", completed: 10, total: 2700, rate: nil, elapsed: 3725)
        #expect(stopped.ending == "embed: 10 of 2,700 in 1:02:05")
    }

    @Test(
        "Durations",
        arguments: [
            (0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (754, "12:34"), (3723, "1:02:03"), (172_800, "2 days"),
            (.nan, "?"), (-1, "?"), (.infinity, "?"),
        ])
    func duration(seconds: Double, text: String) { #expect(ProgressText.duration(seconds) == text) }

    @Test(
        "Rates",
        arguments: [
            (1234.4, "1,234/s"), (99.96, "100.0/s"), (52.14, "52.1/s"), (1, "1.0/s"), (0.25, "4.0 s each"),
            (0, "0/s"),
        ])
    func rate(perSecond: Double, text: String) { #expect(ProgressText.rate(perSecond) == text) }

    @Test("Counts", arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func count(value: Int, text: String) { #expect(ProgressText.count(value) == text) }
}

@Suite("Rate meter") struct RateMeterTests {
    @Test("Says nothing too early") func early() {
        var meter = RateMeter()
        meter.add(completed: 0, at: 0)
        meter.add(completed: 100, at: 0.4)
        #expect(meter.rate == nil)
    }

    @Test("A resumed run counts from where it began") func resumed() {
        var meter = RateMeter()
        meter.add(completed: 5000, at: 10)
        meter.add(completed: 5020, at: 12)
        #expect(meter.rate == 10)
    }

    @Test("Forgets what is more than ten seconds ago") func window() throws {
        var meter = RateMeter()
        meter.add(completed: 0, at: 0)
        for tick in 0...300 { meter.add(completed: tick * 5, at: 60 + Double(tick) * 0.1) }
        #expect(abs(try #require(meter.rate) - 50) < 1)
    }
}

@Suite("Progress bar") struct ProgressBarTests {
    /// What was written, and a clock that moves when told to.
    private final class Screen: Sendable {
        let text = Mutex("")
        let time = Mutex(0.0)

        func bar(width: Int?) -> ProgressBar {
            let columns: @Sendable () -> Int = { width ?? 0 }
            let write: @Sendable (String) -> Void = { text in self.text.withLock { $0 += text } }
            let now: @Sendable () -> Double = { self.time.withLock { $0 } }
            return ProgressBar(.init(width: width == nil ? nil : columns, write: write, now: now))
        }

        func count(_ part: String) -> Int { text.withLock { $0.components(separatedBy: part).count - 1 } }
    }

    @Test("Redraws at most ten times a second, then leaves one line") func redraws() {
        let screen = Screen()
        let bar = screen.bar(width: 80)
        for item in 0...2000 {
            screen.time.withLock { $0 = Double(item) / 1000 }
            bar.update(ProgressUpdate(stage: "import", completed: item, total: 2000))
        }
        bar.finish()
        #expect((15...22).contains(screen.count("\r")))
        #expect(screen.text.withLock { $0.hasSuffix("\r\u{1B}[2Kimport: 2,000 in 0:02 (1,000/s)\n") })
    }

    @Test("Writes plain lines every five seconds where there is no terminal") func plain() {
        let screen = Screen()
        let bar = screen.bar(width: nil)
        for second in 0...12 {
            screen.time.withLock { $0 = Double(second) }
            bar.update(ProgressUpdate(stage: "embed", completed: second * 10, total: 200))
        }
        bar.finish()
        #expect(
            screen.text.withLock { $0 } == """
                embed: 50 of 200 (25 %), 10.0/s, 0:15 left
                embed: 100 of 200 (50 %), 10.0/s, 0:10 left
                embed: 120 of 200 in 0:12 (10.0/s)

                """)
    }

    @Test("A stage that takes no time leaves no line") func short() {
        let screen = Screen()
        let bar = screen.bar(width: nil)
        bar.update(ProgressUpdate(stage: "load", completed: 1, total: 1))
        bar.finish()
        bar.finish()
        #expect(screen.text.withLock { $0 }.isEmpty)
    }
}
