/// Decides what a patient has, from study to study.
struct CasePlan {
    /// How many of a hundred unwell patients have it at first. The devices come with being in bed.
    private static let frequencies: [(Abnormality.Kind, Float)] = [
        (.cardiomegaly, 0.26), (.effusion, 0.32), (.edema, 0.24), (.consolidation, 0.17), (.pneumonia, 0.22),
        (.haze, 0.1), (.atelectasis, 0.22), (.pneumothorax, 0.2), (.nodules, 0.23), (.fracture, 0.18),
        (.pleuralThickening, 0.13), (.wideMediastinum, 0.11),
    ]
    private static let bedsideDevices: [(Abnormality.Kind, Float)] = [
        (.endotrachealTube, 0.35), (.centralLine, 0.5), (.gastricTube, 0.4), (.electrodes, 0.6),
    ]

    /// Whether this visit finds the patient in bed.
    private(set) var isBedside = false
    private(set) var abnormalities: [Abnormality] = []

    /// The first visit.
    init(isElderly: Bool, _ draw: inout Draw) {
        guard draw.chance(0.72) else { return }
        isBedside = draw.chance(0.38)
        for (kind, frequency) in Self.frequencies where draw.chance(frequency * (isBedside ? 1.1 : 0.9)) {
            add(kind, &draw)
        }
        if isElderly, draw.chance(0.14) { add(.pacemaker, &draw) }
        addDevices(&draw)
    }

    /// The next visit: some things pass, some grow or shrink, some are new.
    mutating func advance(_ draw: inout Draw) {
        let wasBedside = isBedside
        isBedside = abnormalities.isEmpty ? draw.chance(0.1) : draw.chance(wasBedside ? 0.6 : 0.2)
        abnormalities = abnormalities.compactMap { old in
            if old.kind.isDevice && old.kind != .pacemaker { return nil }
            if !old.kind.isChronic && draw.chance(0.25) { return nil }
            var next = old
            let change = draw.within(-0.2, 0.2) * (old.kind.isChronic ? 0.3 : 1)
            next.strength = min(1, max(0.1, old.strength + change))
            if (0.25..<Abnormality.clear).contains(next.strength) { next.strength = draw.chance(0.7) ? 0.5 : 0.22 }
            return next
        }
        if draw.chance(0.4) { add(Self.frequencies[draw.weighted(Self.frequencies.map(\.1))].0, &draw) }
        addDevices(&draw)
    }

    private mutating func addDevices(_ draw: inout Draw) {
        if isBedside {
            for (kind, frequency) in Self.bedsideDevices where draw.chance(frequency) { add(kind, &draw) }
        }
        let drained = abnormalities.first { $0.kind == .pneumothorax || $0.kind == .effusion }
        if let drained, draw.chance(0.2) { add(.chestTube, on: drained.side, &draw) }
    }

    private mutating func add(_ kind: Abnormality.Kind, on given: Float? = nil, _ draw: inout Draw) {
        // Always the same number of draws, so that one decision does not shift the next.
        let (side, shape, isBorderline) = (draw.side(), draw.next(), draw.chance(0.14))
        let strength = draw.within(0.5, 1)
        guard !abnormalities.contains(where: { $0.kind == kind }) else { return }
        let drawn = isBorderline && !kind.isDevice ? 0.1 + 0.12 * (2 * strength - 1) : strength
        abnormalities.append(Abnormality(kind: kind, side: given ?? side, strength: drawn, shape: shape))
    }
}
