public import LightboxCore

/// Images side by side with a line of text under each: examples with their predictions, or input, truth and
/// prediction of a heat map.
public struct ImageGrid: Sendable {
    public struct Tile: Sendable {
        public var image: Image
        /// Lines under the image.
        public var captions: [String]
        /// Frames the image in the colour of a series, as to mark a wrong prediction.
        public var frame: Paint?

        public init(_ image: Image, captions: [String] = [], frame: Paint? = nil) {
            self.image = image
            self.captions = captions
            self.frame = frame
        }
    }

    public var title: String
    public var tiles: [Tile]
    public var columns: Int
    /// Of each image's box, in points; images keep their shape within it.
    public var side: Double
    /// Blends pixels of images that are enlarged.
    public var isSmooth: Bool

    public init(title: String = "", _ tiles: [Tile], columns: Int = 4, side: Double = 150, isSmooth: Bool = true) {
        precondition(columns > 0)
        self.title = title
        self.tiles = tiles
        self.columns = columns
        self.side = side
        self.isSmooth = isSmooth
    }

    /// What a network saw, what it should have answered, and what it answered.
    ///
    /// - Parameters:
    ///   - truth: values 0...1, `[height, width]` or with a last side of 1; so is `prediction`.
    ///   - range: the values at the ends of the colour map, the same for both.
    public static func strip(
        input: Image, truth: NDArray?, prediction: NDArray, range: ClosedRange<Float> = 0...1,
        map: ColourMap = .inferno, title: String = "", side: Double = 220
    ) -> ImageGrid {
        var tiles = [Tile(input, captions: ["Input"])]
        if let truth { tiles.append(Tile(map.image(of: truth, range: range), captions: ["Truth"])) }
        tiles.append(Tile(map.image(of: prediction, range: range), captions: ["Prediction"]))
        return ImageGrid(title: title, tiles, columns: tiles.count, side: side, isSmooth: false)
    }

    private static let size = 9.5

    public func drawing() -> Drawing {
        let columns = max(1, min(columns, tiles.count))
        let rows = (tiles.count + columns - 1) / columns
        let lines = tiles.map(\.captions.count).max() ?? 0
        let (gap, top) = (12.0, title.isEmpty ? 10.0 : 30.0)
        // A row is as high as its tallest image, so that wide images leave no empty bands.
        let heights = (0..<rows).map { row in
            tiles[(row * columns)..<min(tiles.count, (row + 1) * columns)].map { size($0.image).height }.max() ?? 0
        }
        let caption = Double(lines) * 13 + (lines > 0 ? 4 : 0)
        let width = Double(columns) * (side + gap) + gap
        var drawing = Drawing(
            width: width, height: top + heights.reduce(0, +) + Double(rows) * (caption + gap),
            summary: title.isEmpty ? "images" : title)
        drawing.text(
            TextMetrics.fitted(title, to: width - 20, size: 12, isBold: true), at: Point(width / 2, 19), size: 12,
            anchor: .middle, isBold: true)
        var y = top
        for row in 0..<rows {
            for column in 0..<columns where row * columns + column < tiles.count {
                let box = Rectangle(
                    x: gap + Double(column) * (side + gap), y: y, width: side, height: heights[row])
                draw(tiles[row * columns + column], in: box, on: &drawing)
            }
            y += heights[row] + caption + gap
        }
        return drawing
    }

    /// The largest that keeps the image's shape.
    private func size(_ image: Image) -> (width: Double, height: Double) {
        let scale = side / Double(max(image.width, image.height))
        return (Double(image.width) * scale, Double(image.height) * scale)
    }

    private func draw(_ tile: Tile, in box: Rectangle, on drawing: inout Drawing) {
        let size = size(tile.image)
        let place = Rectangle(
            x: box.middle.x - size.width / 2, y: box.bottom - size.height, width: size.width, height: size.height)
        drawing.image(tile.image, in: place, isSmooth: isSmooth)
        drawing.rectangle(place, stroke: Stroke(tile.frame ?? .grid, width: tile.frame == nil ? 0.75 : 2.5))
        for (line, caption) in tile.captions.enumerated() {
            drawing.text(
                TextMetrics.fitted(caption, to: box.width + 6, size: Self.size),
                at: Point(box.middle.x, box.bottom + 6 + Double(line) * 13), size: Self.size, anchor: .middle,
                baseline: .top, paint: line == 0 ? .ink : .muted)
        }
    }
}
