/// Makes the frontal projection of a patient.
struct FrontalView {
    let anatomy: Anatomy
    let positioning: Positioning
    let abnormalities: [Abnormality]
    let canvas: Canvas

    init(_ anatomy: Anatomy, _ positioning: Positioning, _ abnormalities: [Abnormality], size: Int) {
        self.anatomy = anatomy
        self.positioning = positioning
        self.abnormalities = abnormalities
        let extent: Float = 37.5
        canvas = Canvas(
            width: size, height: size, centimetresPerPixel: extent / Float(size),
            axis: extent / 2 + positioning.offset.x, top: -1.3 + positioning.offset.y, scaleX: anatomy.scaleX,
            scaleY: anatomy.scaleY, lean: positioning.lean)
    }

    func projection() -> Projection {
        let projection = Projection(canvas)
        let chest = FrontalChest(anatomy, positioning, abnormalities)
        var draw = Draw(seed: anatomy.shape, stream: "frontal")
        FrontalSoftTissue(chest: chest, canvas: canvas).draw(on: projection)
        drawVessels(chest, on: projection, &draw)
        drawAirways(chest, on: projection)
        drawAbdomen(chest, on: projection, &draw)
        if anatomy.isFemale { drawBreasts(on: projection, &draw) }
        let fractures = abnormalities.filter { $0.kind == .fracture }
        FrontalSkeleton(chest, isAnteroposterior: positioning.isAnteroposterior)
            .draw(on: projection, fractures: fractures)
        let noise = FractalNoise.plane(
            width: canvas.width, height: canvas.height, cell: canvas.width / 12, octaves: 4, persistence: 0.5,
            &draw)
        let findings = FrontalFindings(chest: chest, projection: projection, noise: noise)
        for abnormality in abnormalities { findings.draw(abnormality) }
        let devices = FrontalDevices(chest: chest, projection: projection)
        for abnormality in abnormalities where abnormality.kind.isDevice { devices.draw(abnormality) }
        return projection
    }

    private func drawVessels(_ chest: FrontalChest, on projection: Projection, _ draw: inout Draw) {
        let congestion = abnormalities.filter { $0.kind == .edema }.map(\.strength).max() ?? 0
        var strokes: [Stroke] = []
        var hila: [Stroke] = []
        for side in [Float(-1), 1] {
            let hilum = chest.hilum(side: side)
            let directions: [(Point, Float)] = [
                (Point(side * 0.35, -1), 9), (Point(side * 0.8, -0.75), 9), (Point(side, -0.2), 8.5),
                (Point(side, 0.35), 9), (Point(side * 0.75, 0.9), 12), (Point(side * 0.4, 1), 12.5),
                (Point(side * 0.1, 1), 10),
            ]
            strokes += LungVessels.strokes(
                from: hilum, directions: directions, fullness: 1 + 0.7 * congestion, &draw)
            hila += [
                Stroke(
                    Path(through: [hilum + Point(-side * 1, -1.6), hilum, hilum + Point(side * 0.9, 3.2)]),
                    radius: (0.7, 0.95, 0.45), section: .soft),
                Stroke(
                    Path(points: [hilum + Point(-side, 0.2), hilum + Point(side * 1.6, -0.9)]),
                    radius: (0.8, 0.7, 0.4), section: .soft),
            ]
        }
        projection.add(strokes, to: projection.vessels, times: 1.7)
        projection.add(hila, to: projection.vessels, times: 1.9 * (1 + 0.6 * congestion))
    }

    private func drawAirways(_ chest: FrontalChest, on projection: Projection) {
        let shift = -0.25 - 0.3 * anatomy.aorta
        let fork = Point(shift * 0.6 - 0.2, 14)
        let airways = [
            Stroke(Path(through: [Point(0, -1), Point(0, 6), Point(shift, 10.5), fork]), radius: 0.88),
            Stroke(Path(through: [fork, Point(-1.8, 15.6), Point(-3.4, 17.3)]), radius: (0.7, 0.6, 0.45)),
            Stroke(Path(through: [fork, Point(1.9, 15.2), Point(4, 16.8)]), radius: (0.62, 0.55, 0.4)),
        ]
        projection.add(airways, to: projection.water, times: -1.35)
        // The aorta comes down left of the spine.
        let aorta = Path(through: [
            Point(2.1 + anatomy.aorta, 12.5), Point(1.9 + anatomy.aorta, 17), Point(1.4, 24), Point(0.8, 33),
        ])
        projection.add([Stroke(aorta, radius: 1.05)], to: projection.water, times: 0.35)
    }

    /// Gas in the stomach and the gut.
    private func drawAbdomen(_ chest: FrontalChest, on projection: Projection, _ draw: inout Draw) {
        if draw.chance(0.8) {
            let size = draw.within(1.2, 2.4)
            projection.addBall(
                at: Point(draw.within(5, 7.5), chest.domes.left + 1.1 + size * 0.62), radius: size, weight: -1,
                to: projection.water, flatness: 0.6)
        }
        for _ in 0..<(3 + draw.index(4)) {
            let place = Point(draw.within(-9, 11), draw.within(37.5, 41))
            projection.addBall(
                at: place, radius: draw.within(0.7, 1.7), weight: -1, to: projection.water,
                flatness: draw.within(0.6, 1))
        }
    }

    private func drawBreasts(on projection: Projection, _ draw: inout Draw) {
        let size = 4.6 + 2.2 * anatomy.fat
        for side in [Float(-1), 1] {
            let center = Point(side * (8.2 + 0.8 * anatomy.fat), 26 + 1.5 * anatomy.fat + draw.within(-0.3, 0.3))
            projection.addBall(
                at: center, radius: size, weight: 0.13 + 0.08 * anatomy.fat, to: projection.water, flatness: 0.85)
        }
    }
}
