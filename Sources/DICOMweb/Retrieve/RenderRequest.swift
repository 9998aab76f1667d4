import DICOM
import Imaging
import LightboxCore

/// The parameters of a rendered picture (PS3.18 section 8.3.5.1).
struct RenderRequest: Sendable, Hashable {
    /// Where the picture has to fit in, and which part of the image it shows.
    struct Viewport: Sendable, Hashable {
        var width: Int
        var height: Int
        /// Pixels of the image: left, top, width, height; a negative size turns the picture over.
        var source: [Double]?
    }

    var window = WindowChoice.fromFile
    var viewport: Viewport?
    /// 1...100
    var quality = 90

    static let largestSide = 16_384

    init(_ items: [(name: String, value: String)], isThumbnail: Bool) throws {
        if isThumbnail { viewport = Viewport(width: 200, height: 200) }
        for (name, value) in items {
            switch name {
            case "window": window = try Self.window(value)
            case "viewport": viewport = try Self.viewport(value)
            case "quality":
                guard let number = Int(value), (1...100).contains(number) else {
                    throw DICOMwebError(.badRequest, "quality: a whole number of 1 to 100 is needed.")
                }
                quality = number
            default: break
            }
        }
    }

    /// `center,width` or `center,width,function`.
    private static func window(_ text: String) throws -> WindowChoice {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let center = Double(parts[0]), var width = Double(parts[1]),
            center.isFinite, width.isFinite
        else {
            throw DICOMwebError(.badRequest, "window: a centre, a width and a function are needed: 40,400,linear.")
        }
        var shift = 0.0
        switch parts.count == 3 ? parts[2].lowercased() : "linear" {
        case "linear": break
        // PS3.3 C.11.2.1.3.2: the same line as LINEAR of half a value more and one wider.
        case "linear-exact", "linear_exact": (shift, width) = (0.5, width + 1)
        default: throw DICOMwebError(.badRequest, "window: the functions are linear and linear-exact.")
        }
        guard Window.isValid(center: center + shift, width: width) else {
            throw DICOMwebError(.badRequest, "window: the width is at least 1.")
        }
        return .custom(center: center + shift, width: width)
    }

    /// `width,height` or `width,height,left,top,width,height`, the last four each perhaps empty.
    private static func viewport(_ text: String) throws -> Viewport {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 6, let width = Int(parts[0]), let height = Int(parts[1]),
            (1...largestSide).contains(width), (1...largestSide).contains(height)
        else {
            throw DICOMwebError(.badRequest, "viewport: a width and a height of 1 to \(largestSide) are needed.")
        }
        guard parts.count == 6 else { return Viewport(width: width, height: height) }
        let source = try parts[2...].map { part in
            if part.isEmpty { return Double.nan }
            guard let number = Double(part), number.isFinite else {
                throw DICOMwebError(.badRequest, "viewport: the part of the image is given in four numbers.")
            }
            return number
        }
        return Viewport(width: width, height: height, source: source)
    }

    /// The part of the image that is asked for, as large as fits; proportions are kept.
    func apply(to image: Image) throws -> Image {
        guard let viewport else { return image }
        var image = image
        if let source = viewport.source { image = try Self.part(of: image, source) }
        let scale = min(
            Double(viewport.width) / Double(image.width), Double(viewport.height) / Double(image.height))
        let width = min(viewport.width, max(1, Int((Double(image.width) * scale).rounded())))
        let height = min(viewport.height, max(1, Int((Double(image.height) * scale).rounded())))
        return image.resized(height: height, width: width)
    }

    private static func part(of image: Image, _ source: [Double]) throws -> Image {
        let left = Int(source[0].isNaN ? 0 : source[0].clamped(to: 0...Double(image.width)))
        let top = Int(source[1].isNaN ? 0 : source[1].clamped(to: 0...Double(image.height)))
        let width = min(image.width - left, size(source[2], image.width - left))
        let height = min(image.height - top, size(source[3], image.height - top))
        guard width > 0, height > 0 else {
            throw DICOMwebError(.badRequest, "viewport: the part that is asked for lies outside the image.")
        }
        let (turnsX, turnsY) = (source[2] < 0, source[3] < 0)
        let samples = image.eightBitSamples
        let channels = image.channels
        var part: [UInt8] = []
        part.reserveCapacity(width * height * channels)
        for row in 0..<height {
            let y = top + (turnsY ? height - 1 - row : row)
            for column in 0..<width {
                let x = left + (turnsX ? width - 1 - column : column)
                let start = (y * image.width + x) * channels
                part.append(contentsOf: samples[start..<start + channels])
            }
        }
        return Image(width: width, height: height, channels: channels, samples: .uint8(part))
    }

    private static func size(_ value: Double, _ whole: Int) -> Int {
        value.isNaN || value == 0 ? whole : Int(abs(value).clamped(to: 0...65_535).rounded())
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double { min(max(self, range.lowerBound), range.upperBound) }
}
