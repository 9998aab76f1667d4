import Foundation
import Imaging
import LightboxCore
import Serving

extension AnswerCard.Pictures {
    /// Pixels of the longer side.
    private static let side = 640
    private static let smallSide = 160
    /// How much of the heat map's colour is seen where it is hottest.
    private static let opacity: Float = 0.55

    /// - Parameter paths: of the nearest known cases, as far as they are known.
    init(_ image: Image, heatmap: Bytes?, nearest paths: [String?], _ reader: ImageReader) {
        self.image = Data(PNG.encode(image.fitting(Self.side)))
        self.heatmap = heatmap?.withUnsafeBytes { Data($0) }
        nearest = paths.map { path in
            // A picture that is gone is no reason to give no card.
            guard let path, let file = try? MappedFile(path: path), let image = try? reader.image(Bytes(file))
            else {
                return nil
            }
            return Data(PNG.encode(image.fitting(Self.smallSide)))
        }
    }

    /// The heat map laid over the image: a PNG file; nil without a heat map.
    var overlay: [UInt8]? {
        guard let heatmap, let map = try? ImageFile.decode(Bytes(heatmap)),
            let image = try? ImageFile.decode(Bytes(image)), map.channels == 4,
            case .uint8(let hot) = map.resized(height: image.height, width: image.width).samples,
            case .uint8(var pixels) = image.converted(toChannels: 3).samples
        else { return nil }
        for index in 0..<(image.width * image.height) {
            let share = Self.opacity * Float(hot[4 * index + 3]) / 255
            for channel in 0..<3 {
                let below = Float(pixels[3 * index + channel])
                let value = below + share * (Float(hot[4 * index + channel]) - below)
                pixels[3 * index + channel] = UInt8(value.rounded())
            }
        }
        return PNG.encode(Image(width: image.width, height: image.height, channels: 3, samples: .uint8(pixels)))
    }
}

extension Image {
    /// The same, smaller where a side has more pixels than `side`.
    func fitting(_ side: Int) -> Image {
        let longer = max(width, height)
        guard longer > side else { return self }
        return resized(height: max(1, height * side / longer), width: max(1, width * side / longer))
    }
}
