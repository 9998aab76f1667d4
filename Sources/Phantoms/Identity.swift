package import LightboxCore

/// The names by which a radiograph is known: all drawn from the seed.
package struct Identity: Sendable {
    package let study: String
    package let series: String
    package let instance: String
    package let frameOfReference: String
    /// For choices about the file itself.
    let shape: UInt64

    package var key: InstanceKey { InstanceKey(study: study, series: series, instance: instance) }

    init(seed: UInt64, patient: PhantomPatient, study: PhantomStudy, view: ProjectionView) {
        let visit = "patient \(patient.number) study \(study.number)"
        self.study = Self.uid(seed, visit)
        series = Self.uid(seed, visit + " series " + view.rawValue)
        instance = Self.uid(seed, visit + " instance " + view.rawValue)
        frameOfReference = Self.uid(seed, visit + " frame " + view.rawValue)
        var draw = Draw(seed: seed, stream: visit + " file " + view.rawValue)
        shape = draw.next()
    }

    /// A UID of the root 2.25: a UUID (here of version 8, RFC 9562, since it is drawn) as a decimal number.
    private static func uid(_ seed: UInt64, _ name: String) -> String {
        var draw = Draw(seed: seed, stream: "uid " + name)
        let high = draw.next() & 0xffff_ffff_ffff_0fff | 0x8000
        let low = draw.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return "2.25." + decimal(high, low)
    }

    private static func decimal(_ high: UInt64, _ low: UInt64) -> String {
        var (high, low) = (high, low)
        var digits = ""
        // Ten to the eighteenth at a time.
        let chunk: UInt64 = 1_000_000_000_000_000_000
        while high > 0 || low > 0 {
            let (upper, upperRest) = high.quotientAndRemainder(dividingBy: chunk)
            let (lower, rest) = chunk.dividingFullWidth((upperRest, low))
            (high, low) = (upper, lower)
            let part = String(rest)
            let isFirst = high == 0 && low == 0
            digits = (isFirst ? "" : String(repeating: "0", count: 18 - part.count)) + part + digits
        }
        return digits
    }
}
