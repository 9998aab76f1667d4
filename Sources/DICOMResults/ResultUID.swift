import LightboxCore

/// UIDs of results: the same inputs give the same UID, so that doing the work again makes no second object.
enum ResultUID {
    /// A UUID of version 8 (RFC 9562) out of SHA-256, as PS3.5 annex B.2 writes it: at most 44 characters.
    static func make(_ parts: [String]) -> String {
        let digits = ContentHash(of: parts.map { "\($0.utf8.count):\($0)" }.joined().utf8).description.prefix(32)
        var number = UInt128(digits, radix: 16)!
        number = number & ~(0xf << 76) | 0x8 << 76
        number = number & ~(0x3 << 62) | 0x2 << 62
        return "2.25.\(number)"
    }

    static func make(_ kind: String, _ algorithm: Authorship.Algorithm, _ parts: [String]) -> String {
        make([kind, algorithm.name, algorithm.version, algorithm.allParameters.joined(separator: "\n")] + parts)
    }

    /// Where a result of a kind stands: in its source's study, in one series for each series that the model saw.
    static func key(
        _ kind: String, _ source: SourceImage, _ algorithm: Authorship.Algorithm, _ parts: [String]
    ) -> InstanceKey {
        let series = [source.studyInstanceUID, source.seriesInstanceUID]
        return InstanceKey(
            study: source.studyInstanceUID, series: make(kind + " series", algorithm, series),
            instance: make(kind, algorithm, parts))
    }
}
