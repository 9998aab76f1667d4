import Foundation

/// Probabilities of `k` successes in `n` trials of chance `p`, and of more or fewer.
///
/// The point probability is Loader's saddle-point form (2000), which loses no digits for large `n`; a tail is
/// that times the sum of the following terms' ratios.
enum BinomialTail {
    /// P(X ≥ k), the regularised incomplete beta function I_p(k, n − k + 1).
    ///
    /// - Precondition: `k` in `1...n`, `p` between 0 and 1.
    static func atLeast(k: Int, n: Int, p: Double) -> Double {
        guard p * Double(n + 1) <= Double(k) else { return 1 - below(k - 1, n, p) }
        return above(k, n, p)
    }

    /// P(X ≤ k).
    ///
    /// - Precondition: `k` in `0..<n`, `p` between 0 and 1.
    static func atMost(k: Int, n: Int, p: Double) -> Double {
        guard p * Double(n + 1) >= Double(k) else { return 1 - above(k + 1, n, p) }
        return below(k, n, p)
    }

    /// P(X ≥ k) from falling terms: `k` is not below the mean.
    private static func above(_ k: Int, _ n: Int, _ p: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        for successes in k..<n {
            term *= Double(n - successes) / Double(successes + 1) * (p / (1 - p))
            sum += term
            if term < sum * 1e-17 { break }
        }
        return point(k: k, n: n, p: p) * sum
    }

    /// P(X ≤ k) from falling terms: `k` is not above the mean.
    private static func below(_ k: Int, _ n: Int, _ p: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        for successes in stride(from: k, to: 0, by: -1) {
            term *= Double(successes) / Double(n - successes + 1) * ((1 - p) / p)
            sum += term
            if term < sum * 1e-17 { break }
        }
        return point(k: k, n: n, p: p) * sum
    }

    /// P(X = k).
    static func point(k: Int, n: Int, p: Double) -> Double {
        let (successes, failures, trials) = (Double(k), Double(n - k), Double(n))
        guard k < n else { return exp(trials * log(p)) }
        guard k > 0 else { return exp(trials * log1p(-p)) }
        let exponent =
            stirlingError(n) - stirlingError(k) - stirlingError(n - k)
            - deviance(successes, trials * p) - deviance(failures, trials * (1 - p))
        return exp(exponent) * (trials / (2 * Double.pi * successes * failures)).squareRoot()
    }

    /// log n! minus Stirling's formula.
    private static func stirlingError(_ n: Int) -> Double {
        let x = Double(n)
        if n <= 15 {
            let factorial = (1...max(n, 1)).reduce(1.0) { $0 * Double($1) }
            return log(factorial) - (log(2 * Double.pi * x) / 2 + x * log(x) - x)
        }
        let y = 1 / (x * x)
        let tail = 1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360_360 - y / 156)))
        return (1.0 / 12 - y * (1.0 / 360 - y * tail)) / x
    }

    /// x log(x / m) + m − x, without the cancellation where x is near m.
    private static func deviance(_ x: Double, _ m: Double) -> Double {
        let difference = x - m
        guard abs(difference) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
        let v = difference / (x + m)
        var sum = difference * v
        var power = 2 * x * v
        for odd in stride(from: 3.0, to: 2001, by: 2) {
            power *= v * v
            let next = sum + power / odd
            if next == sum { break }
            sum = next
        }
        return sum
    }
}
