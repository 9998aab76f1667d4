import Figures
import Imaging
import LightboxCore

/// Lays a heat map over an image: the hotter, the less of the image shows through.
enum HeatOverlay {
    /// How much of the colour is seen where the map is 1.
    private static let opacity: Float = 0.6

    /// - Parameter map: grey, 8 bits, of the image's size.
    /// - Returns: RGB of 8 bits.
    static func picture(of image: Image, _ map: Image, colours: ColourMap = .inferno) -> Image {
        precondition(image.width == map.width && image.height == map.height && map.channels == 1)
        guard case .uint8(let base) = image.converted(toChannels: 3).samples, case .uint8(let heat) = map.samples
        else { preconditionFailure("both have eight bits") }
        let table = (0..<256).map { value -> (share: Float, colour: [Float]) in
            let colour = colours.colour(of: Float(value) / 255)
            return (
                opacity * Float(value) / 255, [Float(colour.red), Float(colour.green), Float(colour.blue)]
            )
        }
        let samples = [UInt8](unsafeUninitializedCapacity: base.count) { samples, filled in
            for pixel in heat.indices {
                let (share, colour) = table[Int(heat[pixel])]
                for channel in 0..<3 {
                    let below = Float(base[3 * pixel + channel])
                    samples[3 * pixel + channel] = UInt8((below + share * (colour[channel] - below)).rounded())
                }
            }
            filled = base.count
        }
        return Image(width: image.width, height: image.height, channels: 3, samples: .uint8(samples))
    }
}
