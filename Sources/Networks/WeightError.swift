public import LightboxCore

/// Why weights do not belong to a network, or could not be read.
public struct WeightError: Failure, Equatable {
    /// What is wrong with one layer. Shapes are those of its arrays, in order.
    public enum Problem: Sendable, Hashable {
        case missing(layer: String, expected: [[Int]])
        case extra(layer: String, found: [[Int]])
        case misshapen(layer: String, expected: [[Int]], found: [[Int]])
    }

    public var kind: FailureKind
    public var file: String?
    public var network: String?
    /// Every layer that does not fit; empty when the file itself could not be read.
    public var problems: [Problem]
    /// What is wrong with the file itself.
    public var reason: String?
    /// What to do now.
    public var remedy: String

    public init(file: String? = nil, network: String, problems: [Problem]) {
        self.kind = .invalidInput
        self.file = file
        self.network = network
        self.problems = problems
        self.remedy = "Use the weights of \(network), or choose the network that the file was made for."
    }

    public init(kind: FailureKind, file: String, reason: String, remedy: String) {
        self.kind = kind
        self.file = file
        self.problems = []
        self.reason = reason
        self.remedy = remedy
    }

    public var description: String {
        let listed = 8
        var lines = problems.prefix(listed).map(\.description)
        if problems.count > listed { lines.append("and \(problems.count - listed) more layers") }
        if let reason { lines.insert(reason, at: 0) }
        let place = [file, network.map { "network \($0)" }].compactMap(\.self).joined(separator: ", ")
        return "weights\(place.isEmpty ? "" : " (\(place))"): \(lines.joined(separator: "; ")). \(remedy)"
    }
}

extension WeightError.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let layer, let expected):
            "layer \(layer) is missing (\(WeightError.text(expected)))"
        case .extra(let layer, let found):
            "layer \(layer) is extra (\(WeightError.text(found)))"
        case .misshapen(let layer, let expected, let found):
            "layer \(layer) is misshapen: expected \(WeightError.text(expected)), found \(WeightError.text(found))"
        }
    }
}

extension WeightError {
    /// `3×3×32×64, 64`.
    fileprivate static func text(_ shapes: [[Int]]) -> String {
        if shapes.isEmpty { return "no arrays" }
        return shapes.map { $0.isEmpty ? "scalar" : $0.map(String.init).joined(separator: "×") }
            .joined(separator: ", ")
    }
}
