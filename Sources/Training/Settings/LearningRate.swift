import Foundation

/// How large a step is, as a function of the step's number alone (and, for ``Schedule/plateau(_:)``, of the
/// validations so far): so a resumed run takes exactly the steps of one that was never stopped.
public struct LearningRate: Sendable, Codable, Hashable {
    /// The largest rate of the run; Keras's default for Adam unless told.
    public var peak: Double
    public var schedule: Schedule
    /// Steps at the start that rise in a straight line to the peak: the first has `peak / warmupSteps`.
    public var warmupSteps: Int

    public init(peak: Double = 1e-3, schedule: Schedule = .constant, warmupSteps: Int = 0) {
        self.peak = peak
        self.schedule = schedule
        self.warmupSteps = warmupSteps
    }

    /// The rate of one step.
    ///
    /// - Parameters:
    ///   - step: from 0.
    ///   - steps: of the whole run.
    ///   - validations: values of the monitored metric so far, smaller is better, nil where undefined.
    public func rate(step: Int, of steps: Int, after validations: [Double?] = []) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
        let progress = Double(step - warmupSteps) / Double(max(1, steps - warmupSteps))
        switch schedule {
        case .constant: return peak
        case .cosine(let final): return Schedule.cosine(from: peak, to: peak * final, at: progress)
        case .oneCycle(let settings):
            return settings.rate(peak: peak, step: step - warmupSteps, of: steps - warmupSteps)
        case .plateau(let settings):
            return peak * settings.share(after: validations)
        }
    }

    /// Whether the rate of a step depends on how long the run is.
    public var dependsOnLength: Bool {
        switch schedule {
        case .constant, .plateau: false
        case .cosine, .oneCycle: true
        }
    }

    func check(steps: Int) throws {
        func refuse(_ problem: String, _ remedy: String) -> TrainingError {
            TrainingError(.badSetting, "--learning-rate", problem, remedy: remedy)
        }
        guard peak > 0, peak.isFinite else {
            throw refuse("\(peak) is no learning rate", "Give a positive number, such as 0.001.")
        }
        guard warmupSteps >= 0, warmupSteps < max(1, steps) else {
            throw refuse("\(warmupSteps) warm-up steps do not fit \(steps) steps", "Warm up for fewer steps.")
        }
        try schedule.check()
    }
}

/// What the rate does behind the warm-up.
public enum Schedule: Sendable, Codable, Hashable {
    case constant
    /// Half a cosine from the peak down to `final × peak` at the last step (Loshchilov and Hutter 2016,
    /// arXiv:1608.03983; Keras's `CosineDecay` with `alpha = final`).
    case cosine(final: Double = 0)
    case oneCycle(OneCycle = OneCycle())
    case plateau(Plateau = Plateau())

    static func cosine(from start: Double, to end: Double, at progress: Double) -> Double {
        end + (start - end) * (1 + cos(Double.pi * min(1, max(0, progress)))) / 2
    }

    func check() throws {
        let isFine =
            switch self {
            case .constant: true
            case .cosine(let final): (0...1).contains(final)
            case .oneCycle(let cycle):
                (0..<1).contains(cycle.risingShare) && cycle.startDivisor >= 1 && cycle.finalDivisor >= 1
            case .plateau(let plateau):
                plateau.factor > 0 && plateau.factor < 1 && plateau.patience >= 1 && plateau.cooldown >= 0
                    && (0...1).contains(plateau.floor)
            }
        guard isFine else {
            throw TrainingError(
                .badSetting, "--schedule", "\(self) has a number out of range",
                remedy: "Shares and factors lie between 0 and 1, divisors at 1 or above.")
        }
    }
}

/// Up to the peak and far down, each by half a cosine (Smith and Topin 2017, arXiv:1708.07120; PyTorch's
/// `OneCycleLR` with two phases and its defaults).
public struct OneCycle: Sendable, Codable, Hashable {
    /// Share of the steps that rise.
    public var risingShare: Double
    /// The first rate is `peak / startDivisor`.
    public var startDivisor: Double
    /// The last rate is the first one divided by this.
    public var finalDivisor: Double

    public init(risingShare: Double = 0.3, startDivisor: Double = 25, finalDivisor: Double = 1e4) {
        self.risingShare = risingShare
        self.startDivisor = startDivisor
        self.finalDivisor = finalDivisor
    }

    func rate(peak: Double, step: Int, of steps: Int) -> Double {
        let start = peak / startDivisor
        let top = risingShare * Double(steps) - 1
        let last = Double(steps - 1)
        let step = Double(step)
        if step <= top { return Schedule.cosine(from: start, to: peak, at: top > 0 ? step / top : 1) }
        return Schedule.cosine(
            from: peak, to: start / finalDivisor, at: last > top ? (step - top) / (last - top) : 1)
    }
}

/// Lower when the validation gets no better (Keras's `ReduceLROnPlateau`).
public struct Plateau: Sendable, Codable, Hashable {
    /// What a reduction multiplies the rate with.
    public var factor: Double
    /// The rate is reduced after so many validations without an improvement.
    public var patience: Int
    /// How much smaller the metric must be to count as better.
    public var minimumChange: Double
    /// Validations after a reduction that do not count.
    public var cooldown: Int
    /// Smallest share of the peak.
    public var floor: Double

    public init(
        factor: Double = 0.1, patience: Int = 3, minimumChange: Double = 1e-4, cooldown: Int = 0, floor: Double = 0
    ) {
        self.factor = factor
        self.patience = patience
        self.minimumChange = minimumChange
        self.cooldown = cooldown
        self.floor = floor
    }

    /// The share of the peak that is left after these validations (smaller is better).
    func share(after validations: [Double?]) -> Double {
        var best = Double.infinity
        var waited = 0
        var resting = 0
        var share = 1.0
        for value in validations {
            if resting > 0 {
                resting -= 1
                waited = 0
            }
            if let value, value < best - minimumChange {
                best = value
                waited = 0
            } else if resting == 0 {
                waited += 1
                guard waited >= patience else { continue }
                share = max(floor, share * factor)
                resting = cooldown
                waited = 0
            }
        }
        return share
    }
}
