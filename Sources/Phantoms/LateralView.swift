/// Makes the lateral projection of a patient, who looks to the left of the picture with his arms raised.
struct LateralView {
    let anatomy: Anatomy
    let positioning: Positioning
    let abnormalities: [Abnormality]
    let canvas: Canvas

    init(_ anatomy: Anatomy, _ positioning: Positioning, _ abnormalities: [Abnormality], size: Int) {
        self.anatomy = anatomy
        self.positioning = positioning
        self.abnormalities = abnormalities
        let extent: Float = 37.5
        let width = size * 13 / 16
        canvas = Canvas(
            width: width, height: size, centimetresPerPixel: extent / Float(size),
            axis: extent * Float(width) / Float(2 * size) + positioning.offset.x, top: -1.3 + positioning.offset.y,
            scaleX: anatomy.scaleX * 1.02, scaleY: anatomy.scaleY, lean: positioning.lean)
    }

    func projection() -> Projection {
        let projection = Projection(canvas)
        let chest = LateralChest(FrontalChest(anatomy, positioning, abnormalities))
        var draw = Draw(seed: anatomy.shape, stream: "lateral")
        LateralSoftTissue(chest: chest, canvas: canvas).draw(on: projection)
        drawVessels(on: projection, &draw)
        drawMediastinum(chest, on: projection)
        drawGas(chest, on: projection, &draw)
        LateralSkeleton(chest: chest).draw(
            on: projection, fractures: abnormalities.filter { $0.kind == .fracture })
        let noise = FractalNoise.plane(
            width: canvas.width, height: canvas.height, cell: canvas.width / 12, octaves: 4, persistence: 0.5,
            &draw)
        let findings = LateralFindings(chest: chest, projection: projection, noise: noise)
        for abnormality in abnormalities { findings.draw(abnormality) }
        return projection
    }

    private func drawVessels(on projection: Projection, _ draw: inout Draw) {
        let congestion = abnormalities.filter { $0.kind == .edema }.map(\.strength).max() ?? 0
        let directions: [(Point, Float)] = [
            (Point(-0.3, -1), 9), (Point(0.5, -1), 8.5), (Point(-1, -0.4), 9), (Point(1, -0.1), 7.5),
            (Point(0.8, 0.8), 10),
            (Point(0.4, 1), 12), (Point(-0.3, 1), 11), (Point(-0.9, 0.6), 9), (Point(0.7, 1), 12),
            (Point(0.9, 0.4), 8),
        ]
        let strokes = LungVessels.strokes(
            from: Point(1.8, 17), directions: directions, fullness: 1 + 0.7 * congestion, &draw)
        projection.add(strokes, to: projection.vessels, times: 1.5)
        let hilum = [
            Stroke(
                Path(through: [Point(0.6, 15.4), Point(2.6, 15.6), Point(3.6, 18.6)]), radius: (0.9, 0.8, 0.4)),
            Stroke(Path(points: [Point(0.4, 17), Point(1.8, 18.4)]), radius: (0.9, 1.1, 0.7), section: .soft),
        ]
        projection.add(hilum, to: projection.vessels, times: 1.2 * (1 + 0.5 * congestion))
    }

    private func drawMediastinum(_ chest: LateralChest, on projection: Projection) {
        let trachea = Path(through: [Point(0.4, -1), Point(1.2, 5), Point(2.1, 10), Point(3, 15.4)])
        projection.add([Stroke(trachea, radius: (0.85, 0.85, 0.6))], to: projection.water, times: -1.3)
        for place in [Point(3.1, 15.8), Point(3.2, 17.8)] {
            projection.addBall(at: place, radius: 0.6, weight: -1.6, to: projection.water)
        }
        let arch = Path(through: [
            Point(-2.2, 17.5), Point(-1.6, 13.6), Point(1.6, 11.6 - anatomy.aorta), Point(5, 13.6), Point(6.2, 18),
            Point(6.2, 25), Point(5.2, 33),
        ])
        projection.add(
            [Stroke(arch, radius: 1.25 + 0.3 * positive(anatomy.aorta))], to: projection.water, times: 0.45)
    }

    private func drawGas(_ chest: LateralChest, on projection: Projection, _ draw: inout Draw) {
        let size = draw.within(1.4, 2.6)
        projection.addBall(
            at: Point(draw.within(-4, 0), chest.domes.left + 1.2 + size * 0.6), radius: size, weight: -1.2,
            to: projection.water, flatness: 0.6)
        for _ in 0..<3 {
            projection.addBall(
                at: Point(draw.within(-10, 2), draw.within(36.5, 40)), radius: draw.within(0.7, 1.6), weight: -1,
                to: projection.water)
        }
    }
}
