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
/// After Okabe and Ito (2008), the pale ones darkened so that a thin line shows on white; the dark scheme has
/// the same hues, lighter.
public enum Palette {
    public static let light = [0x0072b2, 0xd55e00, 0x009e73, 0xa6438c, 0xa87400, 0x3a9fd0, 0x6a6f77].map {
        Colour($0)
    }
    public static let dark = [0x56b4e9, 0xff8f4f, 0x3fcf9f, 0xe590c8, 0xe8bf45, 0xa5dcf7, 0xadb3bb].map {
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
