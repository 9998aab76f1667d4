public import LightboxCore

/// Colours for values from 0 to 1, for heat maps.
public enum ColourMap: String, Sendable, Codable, CaseIterable {
    /// Black to white.
    case grey
    /// Black over purple and orange to pale yellow, evenly brighter (after matplotlib's map of that name, CC0).
    case inferno
    /// Dark blue over green to yellow, evenly brighter (likewise).
    case viridis

    /// Values outside 0...1 take the colour of the nearer end; not a number takes the lower one.
    public func colour(of value: Float) -> Colour {
        let anchors = anchors
        let place = (value > 0 ? min(value, 1) : 0) * Float(anchors.count - 1)
        let below = min(Int(place), anchors.count - 2)
        let share = place - Float(below)
        func blend(_ part: KeyPath<Colour, UInt8>) -> UInt8 {
            let (from, to) = (Float(anchors[below][keyPath: part]), Float(anchors[below + 1][keyPath: part]))
            return UInt8((from + share * (to - from)).rounded())
        }
        return Colour(red: blend(\.red), green: blend(\.green), blue: blend(\.blue))
    }

    /// An RGB image of a map of values, each first shifted and scaled so that `range` becomes 0...1.
    ///
    /// - Parameter map: `[height, width]`, or with a last side of 1.
    public func image(of map: NDArray, range: ClosedRange<Float> = 0...1) -> Image {
        let shape = map.shape.count == 3 && map.shape[2] == 1 ? Array(map.shape.dropLast()) : map.shape
        precondition(shape.count == 2, "a heat map has height and width")
        let span = max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
        let table = (0..<256).map { colour(of: Float($0) / 255) }
        let samples = [UInt8](unsafeUninitializedCapacity: 3 * map.count) { samples, filled in
            for value in map.values {
                let share = (value - range.lowerBound) / span
                let colour = table[share > 0 ? Int((min(share, 1) * 255).rounded()) : 0]
                samples[filled] = colour.red
                samples[filled + 1] = colour.green
                samples[filled + 2] = colour.blue
                filled += 3
            }
        }
        return Image(width: shape[1], height: shape[0], channels: 3, samples: .uint8(samples))
    }

    /// Evenly spread from 0 to 1.
    private var anchors: [Colour] {
        switch self {
        case .grey: Self.greys
        case .inferno: Self.infernos
        case .viridis: Self.viridises
        }
    }

    private static let greys = [0x000000, 0xffffff].map { Colour($0) }
    private static let infernos = [
        0x000004, 0x0b0724, 0x210c4a, 0x3d0965, 0x57106e, 0x71196e, 0x8a226a, 0xa32c61, 0xbc3754,
        0xd24644, 0xe45a31, 0xf1731d, 0xf98e09, 0xfcac11, 0xf9cb35, 0xf2ea69, 0xfcffa4,
    ].map { Colour($0) }
    private static let viridises = [
        0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c,
        0x1fa088, 0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725,
    ].map { Colour($0) }
}
