/// How wide text is in DejaVu Sans, without the font at hand: layouts are the same on every machine.
///
/// Other fonts that a page falls back to are narrower.
package enum TextMetrics {
    /// In points.
    package static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
        let table = isBold ? bold : regular
        let thousandths = text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 32..<127: sum + table[Int(scalar.value) - 32]
            case 0x300..<0x370: sum  // accents that stand over the letter before
            case 0x2013: sum + 500
            case 0x2212, 0xd7, 0x2264, 0x2265: sum + 838
            case 0..<0x1100, 0x2000..<0x2100: sum + (isBold ? 690 : 620)
            default: sum + 1000
            }
        }
        return Double(thousandths) * size / 1000
    }

    /// The text, its end replaced by "…" where it is wider than `width`.
    static func fitted(_ text: String, to width: Double, size: Double, isBold: Bool = false) -> String {
        guard self.width(text, size: size, isBold: isBold) > width else { return text }
        var shorter = text
        while !shorter.isEmpty, self.width(shorter + "…", size: size, isBold: isBold) > width {
            shorter.removeLast()
        }
        return shorter + "…"
    }

    // Advance widths of U+0020...U+007E in thousandths of the font size, of DejaVu Sans 2.37.
    private static let regular = [
        318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
        636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
        575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
        611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
        278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
    ]
    private static let bold = [
        348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
        696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
        683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
        724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
        343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
    ]
}
