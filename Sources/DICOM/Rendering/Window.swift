import Foundation

/// A window of modality values that is spread over the display's whole range (PS3.3 C.11.2.1.2).
public struct Window: Sendable, Hashable, Codable {
    /// How values between the ends are spread (VOILUTFunction). The raw value is the DICOM term.
    public enum Function: String, Sendable, Hashable, Codable, CaseIterable {
        case linear = "LINEAR"
        case linearExact = "LINEAR_EXACT"
        case sigmoid = "SIGMOID"
    }

    public let center: Double
    public let width: Double
    public let function: Function

    /// - Precondition: finite numbers, the width at least 1 for `.linear` and positive otherwise; see
    ///   ``isValid(center:width:function:)``.
    public init(center: Double, width: Double, function: Function = .linear) {
        precondition(Self.isValid(center: center, width: width, function: function))
        self.center = center
        self.width = width
        self.function = function
    }

    public static func isValid(center: Double, width: Double, function: Function = .linear) -> Bool {
        center.isFinite && width.isFinite && (function == .linear ? width >= 1 : width > 0)
    }

    /// The display value, 0...`maximum`, not rounded.
    public func apply(_ value: Double, upTo maximum: Double = 255) -> Double {
        switch function {
        // PS3.3 C.11.2.1.2.1
        case .linear: ramp(value, center: center - 0.5, width: width - 1, maximum)
        // PS3.3 C.11.2.1.3.2
        case .linearExact: ramp(value, center: center, width: width, maximum)
        // PS3.3 C.11.2.1.3.1
        case .sigmoid: maximum / (1 + exp(-4 * (value - center) / width))
        }
    }

    private func ramp(_ value: Double, center: Double, width: Double, _ maximum: Double) -> Double {
        if value > center + width / 2 { return maximum }
        // NaN ends here as well.
        guard value > center - width / 2 else { return 0 }
        return ((value - center) / width + 0.5) * maximum
    }
}

extension Window {
    private enum CodingKeys: String, CodingKey { case center, width, function }

    /// Refuses the windows that ``init(center:width:function:)`` does not allow.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let center = try container.decode(Double.self, forKey: .center)
        let width = try container.decode(Double.self, forKey: .width)
        let function = try container.decodeIfPresent(Function.self, forKey: .function) ?? .linear
        guard Self.isValid(center: center, width: width, function: function) else {
            throw DecodingError.dataCorruptedError(
                forKey: .width, in: container, debugDescription: "A window is at least 1 wide.")
        }
        self.init(center: center, width: width, function: function)
    }
}
