extension Schedule {
    /// Reads `constant`, `cosine`, `one-cycle` or `plateau`, each with its defaults.
    public init(parsing text: String) throws {
        switch text.lowercased() {
        case "constant": self = .constant
        case "cosine": self = .cosine()
        case "one-cycle", "onecycle", "1cycle": self = .oneCycle()
        case "plateau": self = .plateau()
        default:
            throw TrainingError(
                .badSetting, "--schedule", "there is no schedule \"\(text)\"",
                remedy: "Use constant, cosine, one-cycle or plateau.")
        }
    }
}

extension ClassWeights {
    /// Reads `equal`, `balanced`, or numbers by name: `edema=3,fracture=10`.
    public init(parsing text: String) throws {
        switch text.lowercased() {
        case "equal": self = .equal
        case "balanced": self = .balanced()
        default:
            var weights: [String: Double] = [:]
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let sides = part.split(separator: "=", omittingEmptySubsequences: false)
                guard sides.count == 2, !sides[0].isEmpty, let weight = Double(sides[1]), weight > 0,
                    weight.isFinite
                else {
                    throw TrainingError(
                        .badSetting, "--class-weights", "cannot read \"\(text)\"",
                        remedy: "Use equal, balanced, or positive numbers by name: edema=3,fracture=10.")
                }
                weights[String(sides[0])] = weight
            }
            self = .given(weights)
        }
    }
}

extension TrainableLayers {
    /// Reads `all`, `head`, a number of layers counted from the output, or the first layer that learns.
    public init(parsing text: String) throws {
        switch (text, Int(text)) {
        case ("all", _): self = .all
        case ("head", _): self = .head
        case (_, let count?) where count > 0: self = .last(count)
        case (_, nil) where !text.isEmpty: self = .from(text)
        default:
            throw TrainingError(
                .badSetting, "--fine-tune", "cannot read \"\(text)\"",
                remedy: "Use all, head, a number of layers, or the name of the first layer to train.")
        }
    }
}
