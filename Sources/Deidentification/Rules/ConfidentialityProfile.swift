/// What happens to attributes that no rule names.
public enum ConfidentialityProfile: String, Sendable, Hashable, Codable, CaseIterable {
    /// Basic Application Level Confidentiality Profile (PS3.15 E.2) with the options chosen.
    case basic
    /// Everything stays but UIDs and what rules say: no de-identification in itself.
    case keepAll = "keep-all"
    /// Only what rules keep stays, with what makes a file of it: SOP class, UIDs, character set.
    case keepListed = "keep-listed"
    /// Only what a display needs stays: geometry, pixels and their description.
    case minimal
}

/// The attributes of the minimal profile.
enum MinimalKeepList {
    /// Ranges of tags, ends included. Codes within kept sequences stay with them.
    static func contains(_ tag: UInt32) -> Bool { ranges.contains { $0.contains(tag) } || single.contains(tag) }

    private static let ranges: [ClosedRange<UInt32>] = [
        0x0028_0002...0x0028_0103, 0x0028_0106...0x0028_0122, 0x0028_1050...0x0028_1056,
        0x0028_1101...0x0028_1224, 0x0028_2110...0x0028_2114, 0x0028_3000...0x0028_3110,
        0x5200_9229...0x5200_9230, 0x7fe0_0001...0x7fe0_0010,
    ]

    /// Image type, modality, pixel geometry and sequence numbers; Shared and Per-frame Functional Groups'
    /// Pixel Measures, Plane Position, Plane Orientation, Pixel Value Transformation and Frame VOI LUT.
    private static let single: Set<UInt32> = [
        0x0008_0008, 0x0008_0060, 0x0008_0064, 0x0018_0050, 0x0018_0088, 0x0018_1164, 0x0018_5100, 0x0018_5101,
        0x0020_0011, 0x0020_0013, 0x0020_0020, 0x0020_0032, 0x0020_0037, 0x0020_0060, 0x0020_0062, 0x0020_1041,
        0x0020_9113, 0x0020_9116, 0x0020_9111, 0x0028_9110, 0x0028_9132, 0x0028_9145, 0x0008_0100, 0x0018_6011,
        0x2050_0020, 0x0028_0301, 0x0028_0303, 0x0012_0062, 0x0012_0063, 0x0012_0064, 0x0018_0015, 0x0018_0060,
    ]
}
