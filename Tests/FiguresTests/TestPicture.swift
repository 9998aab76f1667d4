import Foundation
import LightboxCore
import Testing

/// The pixels of an 8-bit RGB or RGBA PNG, read with nothing of the code that wrote it.
struct TestPicture {
    let width: Int
    let height: Int
    private let channels: Int
    private let samples: [UInt8]

    init(png: [UInt8]) throws {
        func word(_ place: Int) -> Int { png[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
        try #require(png.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
        (width, height) = (word(16), word(20))
        try #require(png[24] == 8 && (png[25] == 2 || png[25] == 6) && png[28] == 0)
        channels = png[25] == 2 ? 3 : 4
        var packed: [UInt8] = []
        var place = 8
        while place < png.count {
            let length = word(place)
            if png[(place + 4)..<(place + 8)].elementsEqual("IDAT".utf8) {
                packed += png[(place + 8)..<(place + 8 + length)]
            }
            place += length + 12
        }
        var lines: [UInt8] = []
        try packed.withUnsafeBytes { try Inflater(.zlib).inflate($0, into: &lines) }
        samples = Self.unfiltered(lines, width: width, height: height, channels: channels)
    }

    subscript(_ x: Int, _ y: Int) -> [UInt8] {
        let start = (y * width + x) * channels
        return Array(samples[start..<(start + 3)])
    }

    /// Places whose colour is not white.
    func marked(x: Range<Int>, y: Range<Int>) -> Int {
        y.reduce(0) { sum, row in sum + x.count { self[$0, row] != [255, 255, 255] } }
    }

    /// Undoes the five filters of PNG (W3C PNG, clause 9).
    private static func unfiltered(_ lines: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
        let stride = width * channels
        var samples = [UInt8](repeating: 0, count: stride * height)
        for row in 0..<height {
            let kind = lines[row * (stride + 1)]
            for index in 0..<stride {
                let left = index >= channels ? Int(samples[row * stride + index - channels]) : 0
                let up = row > 0 ? Int(samples[(row - 1) * stride + index]) : 0
                let corner = row > 0 && index >= channels ? Int(samples[(row - 1) * stride + index - channels]) : 0
                let estimate = left + up - corner
                let nearest = [left, up, corner].min { abs(estimate - $0) < abs(estimate - $1) } ?? 0
                let guess = [0, left, up, (left + up) / 2, nearest][Int(kind)]
                samples[row * stride + index] = lines[row * (stride + 1) + 1 + index] &+ UInt8(guess)
            }
        }
        return samples
    }
}
