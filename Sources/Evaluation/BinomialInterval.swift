import Foundation

/// Intervals of a proportion: `successes` out of `trials`.
public enum BinomialInterval {
    /// Wilson's score interval (1927): short, and near its coverage for few cases too.
    public static func wilson(successes: Int, trials: Int, level: Double = 0.95) throws(Undefined) -> Interval {
        let (k, n) = try checked(successes, trials)
        let z = NormalDistribution.halfWidth(level: level)
        let middle = (k + z * z / 2) / (n + z * z)
        let half = z / (n + z * z) * (k * (n - k) / n + z * z / 4).squareRoot()
        return Interval(
            method: .wilson, level: level, lower: successes == 0 ? 0 : middle - half,
            upper: successes == trials ? 1 : middle + half)
    }

    /// The "exact" interval of Clopper and Pearson (1934): never below its coverage, and therefore wide.
    public static func clopperPearson(
        successes: Int, trials: Int, level: Double = 0.95
    ) throws(Undefined) -> Interval {
        _ = try checked(successes, trials)
        precondition(level > 0 && level < 1, "coverage lies between 0 and 1")
        let tail = (1 - level) / 2
        return Interval(
            method: .clopperPearson, level: level,
            lower: successes == 0
                ? 0
                : root(near: successes, trials) { p in
                    let density = Double(successes) / p * BinomialTail.point(k: successes, n: trials, p: p)
                    return (BinomialTail.atLeast(k: successes, n: trials, p: p) - tail, density)
                },
            upper: successes == trials
                ? 1
                : root(near: successes + 1, trials) { p in
                    let failures = Double(trials - successes)
                    let density = failures / (1 - p) * BinomialTail.point(k: successes, n: trials, p: p)
                    return (tail - BinomialTail.atMost(k: successes, n: trials, p: p), density)
                })
    }

    private static func checked(_ successes: Int, _ trials: Int) throws(Undefined) -> (Double, Double) {
        precondition(successes >= 0 && successes <= trials, "successes are among the trials")
        guard trials > 0 else { throw .noCases }
        return (Double(successes), Double(trials))
    }

    /// Where a rising function of the chance is 0: Newton's method, halving the bracket where it would leave it.
    private static func root(
        near successes: Int, _ trials: Int, of function: (Double) -> (value: Double, derivative: Double)
    ) -> Double {
        var (low, high) = (0.0, 1.0)
        var p = Double(successes) / Double(trials + 1)
        for _ in 0..<200 {
            let here = function(p)
            if here.value > 0 { high = p } else { low = p }
            var next = p - here.value / here.derivative
            if !(next > low && next < high) { next = (low + high) / 2 }
            let isSettled = abs(next - p) <= 1e-15 * next
            p = next
            if isSettled { break }
        }
        return p
    }
}
