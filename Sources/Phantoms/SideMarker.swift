/// The lead letter that says which side is which, in a corner of the film.
struct SideMarker {
    let letter: Character
    let isFrontal: Bool

    func draw(on projection: Projection) {
        let canvas = projection.canvas
        let pixel = canvas.centimetresPerPixel
        // Fixed to the detector, not to the body.
        let corner =
            isFrontal
            ? Point(Float(canvas.width) * pixel - 3.6, 1.6) : Point(Float(canvas.width) * pixel - 3.2, 1.4)
        func body(_ x: Float, _ y: Float) -> Point {
            let height = (corner.y + y - canvas.top) / canvas.scaleY
            return Point((corner.x + x - canvas.axis - canvas.lean * (height - 20)) / canvas.scaleX, height)
        }
        let lines = [
            Path(points: [body(0, 0), body(0, 1.7)]), Path(points: [body(0, 1.7), body(1, 1.7)]),
        ]
        projection.add(lines.map { Stroke($0, radius: 0.16, weight: 24) }, to: projection.metal)
    }
}
