/// A colour of its own, 8 bits a channel, sRGB.
public struct Colour: Sendable, Hashable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// - Parameter rgb: `0xRRGGBB`.
    public init(_ rgb: UInt32) {
        self.init(
            red: UInt8(truncatingIfNeeded: rgb >> 16), green: UInt8(truncatingIfNeeded: rgb >> 8),
            blue: UInt8(truncatingIfNeeded: rgb))
    }

    /// `#rrggbb`.
    public var hexadecimal: String {
        "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// What a drawing is coloured with: a part that follows the page's light or dark scheme, or a fixed colour.
public enum Paint: Sendable, Hashable {
    /// Text and axes.
    case ink
    /// Less important text.
    case muted
    /// Grid lines and frames.
    case grid
    /// What lies behind everything.
    case paper
    /// The colour of the series with this number; numbers beyond the palette begin anew.
    case series(Int)
    case fixed(Colour)

    /// The light scheme's colour, which files of their own have.
    public var colour: Colour {
        switch self {
        case .ink: Colour(0x1c1f23)
        case .muted: Colour(0x5b6470)
        case .grid: Colour(0xd5d9de)
        case .paper: Colour(0xffffff)
        case .series(let number): Palette.light[Palette.index(number)]
        case .fixed(let colour): colour
        }
    }

    /// The colour within a page, which sets the variables for both schemes.
    var css: String {
        switch self {
        case .ink: "currentColor"
        case .muted: "var(--muted)"
        case .grid: "var(--grid)"
        case .paper: "var(--paper)"
        case .series(let number): "var(--series-\(Palette.index(number)))"
        case .fixed(let colour): colour.hexadecimal
        }
    }
}

/// The colours of series, told apart with any of the common kinds of colour blindness.
///
/// From the hues of Okabe and Ito (2008), moved so that any two stay at least 22 apart in CIELAB as people with
/// deuteranopia, protanopia or tritanopia see them (Machado et al. 2009), and every one has a contrast of
/// 3 : 1 with its scheme's paper.
public enum Palette {
    public static let light = [0x0041a2, 0xe77400, 0x00a975, 0x6f0047, 0x795200, 0x768c9f, 0x3c3717].map {
        Colour($0)
    }
    public static let dark = [0x3782da, 0xcd642b, 0x00df8a, 0xd995c0, 0xc3c032, 0xc4faff, 0xfefad5].map {
        Colour($0)
    }

    static func index(_ number: Int) -> Int { ((number % light.count) + light.count) % light.count }
}

/// How a line looks.
public struct Stroke: Sendable, Hashable {
    public var paint: Paint
    /// In points.
    public var width: Double
    /// Lengths of line and gap in turn, in points; empty for a whole line.
    public var dashes: [Double]
    /// 0...1.
    public var opacity: Double

    public init(_ paint: Paint, width: Double = 1, dashes: [Double] = [], opacity: Double = 1) {
        self.paint = paint
        self.width = width
        self.dashes = dashes
        self.opacity = opacity
    }

    /// The dashes of the series with this number: after one round through the palette lines are dashed.
    static func dashes(series number: Int) -> [Double] {
        switch number / Palette.light.count {
        case 0: []
        case 1: [6, 3]
        default: [2, 2]
        }
    }
}

/// How a surface looks.
public struct Fill: Sendable, Hashable {
    public var paint: Paint
    /// 0...1.
    public var opacity: Double

    public init(_ paint: Paint, opacity: Double = 1) {
        self.paint = paint
        self.opacity = opacity
    }
}
