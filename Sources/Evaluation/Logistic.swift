import Foundation

/// The logistic function and its inverse, without overflow.
public enum Logistic {
    /// 1 / (1 + e^−x), strictly rising from 0 to 1.
    public static func probability(_ logit: Double) -> Double {
        if logit >= 0 { return 1 / (1 + exp(-logit)) }
        let e = exp(logit)
        return e / (1 + e)
    }

    /// log(p / (1 − p)), with `p` first moved into ε...1 − ε (ε = 2⁻⁵²), so that 0 and 1 stay finite.
    public static func logit(_ probability: Double) -> Double {
        let p = min(max(probability, .ulpOfOne), 1 - .ulpOfOne)
        return log(p) - log1p(-p)
    }

    /// log(1 + e^x).
    static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
}
