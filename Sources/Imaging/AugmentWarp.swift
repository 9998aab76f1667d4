import Foundation

/// A turn, shift, zoom or mirror image of a picture, as the map from places in the output to places in the input.
///
/// Places are (row, column) of pixel centres, in pixels.
public struct AffineWarp: Sendable, Hashable {
    /// Rows of the 2 × 2 matrix: input row = `rowByRow` · row + `rowByColumn` · column + `rowOffset`.
    public var rowByRow: Float = 1
    public var rowByColumn: Float = 0
    public var columnByRow: Float = 0
    public var columnByColumn: Float = 1
    public var rowOffset: Float = 0
    public var columnOffset: Float = 0

    /// The picture as it is.
    public init() {}

    /// What stands outside the picture.
    public enum Fill: Sendable, Hashable, Codable {
        /// The nearest pixel of the edge.
        case edge
        /// A display value, 0...255.
        case constant(Float)
    }

    /// A picture turned about its centre, then enlarged, mirrored, and shifted.
    ///
    /// - Parameters:
    ///   - rotationDegrees: counter-clockwise on the screen.
    ///   - shift: rows down and columns right, as shares of height and width.
    ///   - zoom: more than 1 enlarges; positive.
    ///   - flipsColumns: left becomes right.
    public init(
        height: Int, width: Int, rotationDegrees: Double = 0, shift: (rows: Double, columns: Double) = (0, 0),
        zoom: Double = 1, flipsColumns: Bool = false
    ) {
        guard rotationDegrees != 0 || shift.rows != 0 || shift.columns != 0 || zoom != 1 || flipsColumns else {
            return
        }
        let angle = rotationDegrees * .pi / 180
        let (sine, cosine) = (sin(angle) / zoom, cos(angle) / zoom)
        let mirror: Double = flipsColumns ? -1 : 1
        let centre = (row: Double(height - 1) / 2, column: Double(width - 1) / 2)
        let place = (
            row: centre.row + shift.rows * Double(height), column: centre.column + shift.columns * Double(width)
        )
        rowByRow = Float(cosine)
        rowByColumn = Float(sine * mirror)
        columnByRow = Float(-sine)
        columnByColumn = Float(cosine * mirror)
        rowOffset = Float(centre.row - cosine * place.row - sine * mirror * place.column)
        columnOffset = Float(centre.column + sine * place.row - cosine * mirror * place.column)
    }

    public var isIdentity: Bool { self == AffineWarp() }

    /// Fills `output` with bilinear samples of `input`, both `height × width × channels`, in one pass.
    ///
    /// Beyond the edge every neighbour has the value of `fill`, so that a constant fades in within one pixel
    /// (`grid-constant` and `nearest` of scipy's `affine_transform` with `order=1`).
    /// - Precondition: the numbers are finite and keep places within a million pixels.
    public func apply(
        to input: UnsafePointer<Float>, height: Int, width: Int, channels: Int, fill: Fill,
        into output: UnsafeMutablePointer<Float>
    ) {
        let reach =
            (abs(rowByRow) + abs(columnByRow)) * Float(height) + abs(rowOffset) + abs(columnOffset)
            + (abs(rowByColumn) + abs(columnByColumn)) * Float(width)
        precondition(reach < 1_000_000, "a warp that leaves every picture behind")
        let source = WarpSource(input: input, height: height, width: width, channels: channels, fill: fill)
        if channels == 1 { warpGrey(source, into: output) } else { warpColours(source, into: output) }
    }

    private func warpGrey(_ source: WarpSource, into output: UnsafeMutablePointer<Float>) {
        let (lastRow, lastColumn) = (UInt(source.height - 1), UInt(source.width - 1))
        for row in 0..<source.height {
            let rowStart = rowByRow * Float(row) + rowOffset
            let columnStart = columnByRow * Float(row) + columnOffset
            let target = output + row * source.width
            for column in 0..<source.width {
                let y = rowStart + rowByColumn * Float(column)
                let x = columnStart + columnByColumn * Float(column)
                let (top, left) = (wholePart(y), wholePart(x))
                guard UInt(bitPattern: top) < lastRow, UInt(bitPattern: left) < lastColumn else {
                    target[column] = source.value(top, left, y - Float(top), x - Float(left), channel: 0)
                    continue
                }
                let corner = source.input + (top * source.width + left)
                let (down, right) = (y - Float(top), x - Float(left))
                let upper = corner[0] + (corner[1] - corner[0]) * right
                let below = corner + source.width
                let lower = below[0] + (below[1] - below[0]) * right
                target[column] = upper + (lower - upper) * down
            }
        }
    }

    private func warpColours(_ source: WarpSource, into output: UnsafeMutablePointer<Float>) {
        let (lastRow, lastColumn) = (UInt(source.height - 1), UInt(source.width - 1))
        let channels = source.channels
        var target = output
        for row in 0..<source.height {
            for column in 0..<source.width {
                let y = rowByRow * Float(row) + rowOffset + rowByColumn * Float(column)
                let x = columnByRow * Float(row) + columnOffset + columnByColumn * Float(column)
                let (top, left) = (wholePart(y), wholePart(x))
                let (down, right) = (y - Float(top), x - Float(left))
                let isInside = UInt(bitPattern: top) < lastRow && UInt(bitPattern: left) < lastColumn
                let corner = source.input + (isInside ? (top * source.width + left) * channels : 0)
                for channel in 0..<channels {
                    guard isInside else {
                        target[channel] = source.value(top, left, down, right, channel: channel)
                        continue
                    }
                    let upperLeft = corner[channel]
                    let upper = upperLeft + (corner[channels + channel] - upperLeft) * right
                    let below = corner + source.width * channels
                    let lower = below[channel] + (below[channels + channel] - below[channel]) * right
                    target[channel] = upper + (lower - upper) * down
                }
                target += channels
            }
        }
    }
}

/// The whole number at or below `value`; one conversion instruction where `floor` would be a call.
@inline(__always)
private func wholePart(_ value: Float) -> Int {
    let whole = Int(value)
    return Float(whole) > value ? whole - 1 : whole
}

/// The picture that a warp looks into, and what it finds at and beyond its edges.
private struct WarpSource {
    let input: UnsafePointer<Float>
    let height, width, channels: Int
    let fill: AffineWarp.Fill

    func value(_ top: Int, _ left: Int, _ down: Float, _ right: Float, channel: Int) -> Float {
        let upperLeft = pixel(top, left, channel)
        let upper = upperLeft + (pixel(top, left + 1, channel) - upperLeft) * right
        let lowerLeft = pixel(top + 1, left, channel)
        let lower = lowerLeft + (pixel(top + 1, left + 1, channel) - lowerLeft) * right
        return upper + (lower - upper) * down
    }

    private func pixel(_ row: Int, _ column: Int, _ channel: Int) -> Float {
        switch fill {
        case .edge:
            let (row, column) = (min(max(row, 0), height - 1), min(max(column, 0), width - 1))
            return input[(row * width + column) * channels + channel]
        case .constant(let value):
            guard row >= 0, row < height, column >= 0, column < width else { return value }
            return input[(row * width + column) * channels + channel]
        }
    }
}
