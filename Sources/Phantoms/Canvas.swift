/// Where the body lies on the detector: centimetres of a standard body to pixels.
struct Canvas {
    let width: Int
    let height: Int
    /// On the detector.
    let centimetresPerPixel: Float
    /// The body's axis on the detector at mid height, from the left edge, in centimetres.
    var axis: Float
    /// The top of the standard body below the upper edge, in centimetres.
    var top: Float
    /// This patient's size over the standard's.
    var scaleX: Float
    var scaleY: Float
    /// How far the axis leans to the right per centimetre down.
    var lean: Float

    /// Standard-body height of a pixel row.
    func y(ofRow row: Int) -> Float { ((Float(row) + 0.5) * centimetresPerPixel - top) / scaleY }

    /// Standard-body position of column 0 in a row at height `y`, and the step from column to column.
    func columns(atHeight y: Float) -> (first: Float, step: Float) {
        let step = centimetresPerPixel / scaleX
        return (0.5 * step - (axis + lean * (y - 20)) / scaleX, step)
    }

    /// Pixels (column, row) of a place in the standard body.
    func pixel(_ point: Point) -> Point {
        Point(
            (axis + lean * (point.y - 20) + scaleX * point.x) / centimetresPerPixel - 0.5,
            (top + scaleY * point.y) / centimetresPerPixel - 0.5)
    }

    /// Pixels per standard centimetre.
    var pixelsPerCentimetre: Float { (scaleX * scaleY).squareRoot() / centimetresPerPixel }

    func plane(filledWith value: Float = 0) -> Plane { Plane(width: width, height: height, filledWith: value) }

    /// The rows and columns of a box in standard centimetres, cut to the picture.
    func pixels(around center: Point, _ halfWidth: Float, _ halfHeight: Float) -> (
        rows: Range<Int>, columns: Range<Int>
    ) {
        let middle = pixel(center)
        let x = halfWidth * scaleX / centimetresPerPixel + 1
        let y = halfHeight * scaleY / centimetresPerPixel + 1
        return (cut(middle.y - y, middle.y + y, height), cut(middle.x - x, middle.x + x, width))
    }

    private func cut(_ low: Float, _ high: Float, _ limit: Int) -> Range<Int> {
        let start = min(limit, max(0, Int(low)))
        return start..<max(start, min(limit, Int(high) + 1))
    }
}
