import Foundation

/// What Linux says about the processor, and how much of it this process may use.
package struct ProcessorFacts: Equatable {
    package var model: String
    /// Of the instructions that matter for inference, those that are there, weakest first.
    package var features: [String]

    /// x86-64 names first, then 64-bit Arm's.
    private static let known = [
        "avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8",
        "asimd", "asimddp", "i8mm", "bf16", "sve",
    ]

    /// - Parameter cpuinfo: the text of /proc/cpuinfo.
    package init(cpuinfo: String) {
        var fields: [Substring: Substring] = [:]
        for line in cpuinfo.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].trimmingSuffix { $0 == " " || $0 == "\t" }
            if fields[key] == nil { fields[key] = line[line.index(after: colon)...].drop { $0 == " " } }
        }
        model = String(
            fields["model name"] ?? fields["Model"] ?? fields["CPU part"].map { "Arm part \($0)" } ?? "unknown")
        let flags = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
        features = Self.known.filter(flags.contains)
    }

    /// Vectors of at least 256 bits on x86, or Arm's Advanced SIMD: without, inference is many times slower.
    package var isFast: Bool { features.contains("avx2") || features.contains("asimd") }

    /// bf16 in hardware, which `--precision bf16` and `auto` want.
    package var hasBF16: Bool { features.contains { $0.hasSuffix("bf16") } }

    /// Cores that a container's quota allows.
    ///
    /// - Parameter cpuMax: the text of /sys/fs/cgroup/cpu.max: "200000 100000" means 2, "max 100000" no quota.
    package static func quota(cpuMax: String) -> Double? {
        let numbers = cpuMax.split(whereSeparator: \.isWhitespace).map { Double($0) }
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], period > 0 else { return nil }
        return quota / period
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while isUnwanted: (Character) -> Bool) -> Substring {
        var result = self
        while let last = result.last, isUnwanted(last) { result.removeLast() }
        return result
    }
}
