import Foundation

/// The standard normal distribution.
public enum NormalDistribution {
    /// The probability of a value up to `z`.
    public static func cumulative(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

    /// The probability of a value at least as far from 0 as `z`, to either side.
    public static func twoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

    /// The value with probability `p` below it: ±infinity at 0 and 1.
    ///
    /// - Precondition: `p` lies in 0...1.
    public static func quantile(_ p: Double) -> Double {
        precondition(p >= 0 && p <= 1, "a probability lies in 0...1")
        guard p > 0 else { return -.infinity }
        guard p != 0.5 else { return 0 }
        // Above one half the upper tail is 1 - p without loss, and the lower tail is the accurate side.
        guard p <= 0.5 else { return -quantile(1 - p) }
        // Abramowitz and Stegun 26.2.23, within 4.5e-4; Halley's method then triples the digits each time.
        let t = (-2 * log(p)).squareRoot()
        let numerator = 2.515517 + t * (0.802853 + t * 0.010328)
        let denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
        var z = numerator / denominator - t
        for _ in 0..<4 {
            let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
            // Near the middle from there, where the difference to one half keeps its digits.
            let error = p > 0.25 ? erf(z / 2.0.squareRoot()) / 2 - (p - 0.5) : cumulative(z) - p
            let step = error / density
            z -= step / (1 + z * step / 2)
        }
        return z
    }

    /// Half the width, in standard errors, of an interval of this coverage: 1.96 for 0.95.
    ///
    /// - Precondition: `level` lies between 0 and 1.
    public static func halfWidth(level: Double) -> Double {
        precondition(level > 0 && level < 1, "coverage lies between 0 and 1")
        return -quantile((1 - level) / 2)
    }
}
