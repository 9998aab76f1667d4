/// Tubes, lines and implants in a frontal radiograph.
struct FrontalDevices {
    let chest: FrontalChest
    let projection: Projection

    func draw(_ device: Abnormality) {
        var draw = device.draw("device")
        let weight = 0.55 + 0.6 * device.strength
        switch device.kind {
        case .endotrachealTube: drawTrachealTube(weight, &draw)
        case .centralLine: drawCentralLine(device.side, weight, &draw)
        case .gastricTube: drawGastricTube(weight, &draw)
        case .pacemaker: drawPacemaker(weight, &draw)
        case .electrodes: drawElectrodes(weight, &draw)
        case .chestTube: drawChestTube(device.side, weight, &draw)
        default: break
        }
    }

    private func line(_ points: [Point], radius: Float, weight: Float) {
        let stroke = Stroke(Path(through: points, piecesPerKnot: 8), radius: radius, weight: weight)
        projection.add([stroke], to: projection.metal)
    }

    private func drawTrachealTube(_ weight: Float, _ draw: inout Draw) {
        let end = draw.within(10.2, 12.2)
        for x in [Float(-0.36), 0.36] {
            line(
                [Point(x, -1), Point(x, 5), Point(x - 0.2, end - (x > 0 ? 0 : 0.6))], radius: 0.1,
                weight: weight * 4)
        }
        line([Point(0.12, -1), Point(0.12, 5), Point(-0.08, end)], radius: 0.07, weight: weight * 9)
    }

    private func drawCentralLine(_ side: Float, _ weight: Float, _ draw: inout Draw) {
        let tip = Point(-2.0, draw.within(17, 20))
        let neck: [Point] =
            draw.chance(0.5)
            ? [Point(side * 4.6, -1), Point(side * 3.6, 4), Point(side * 2.8, 8.5)]
            : [Point(side * 14, 10.5), Point(side * 9.5, 8.8), Point(side * 4, 9.4)]
        line(neck + [Point(side > 0 ? 0.2 : -2, 11), Point(-2.2, 13.5), tip], radius: 0.13, weight: weight * 5)
    }

    private func drawGastricTube(_ weight: Float, _ draw: inout Draw) {
        let bottom = chest.domes.left
        let points = [
            Point(0.4, -1), Point(0.5, 8), Point(0.6, 18), Point(0.8, bottom - 2), Point(2.4, bottom + 2),
            Point(draw.within(5, 7), bottom + 4.2), Point(draw.within(7.5, 9), bottom + 3),
        ]
        line(points, radius: 0.15, weight: weight * 4)
    }

    private func drawPacemaker(_ weight: Float, _ draw: inout Draw) {
        let box = Point(draw.within(9.5, 11), draw.within(10.5, 12))
        for part in 0..<2 {
            let inset = Float(part) * 0.5
            let half = Point(1.75 - inset, 1.35 - inset)
            projection.add(
                [
                    Stroke(
                        Path(points: [Point(box.x - half.x * 0.4, box.y), Point(box.x + half.x * 0.4, box.y)]),
                        radius: half.y + 0.35, weight: 0.75 * weight)
                ], to: projection.metal)
        }
        let vein = [box + Point(-1.6, -0.9), Point(6.5, 9.6), Point(2.5, 10), Point(-1.2, 12), Point(-2, 16)]
        line(
            vein + [Point(-1.6, 22), Point(1, 26.8), Point(draw.within(4.4, 5.8), 27.4)], radius: 0.13,
            weight: weight * 7)
        line(vein + [Point(-2.6, 20.5), Point(-3.3, 21.8), Point(-2.8, 20.4)], radius: 0.13, weight: weight * 7)
    }

    private func drawElectrodes(_ weight: Float, _ draw: inout Draw) {
        let places = [Point(-10, 11), Point(10.5, 11), Point(-9, 30), Point(10.5, 30.5)]
        for place in places {
            let spot = place + Point(draw.normal() * 0.9, draw.normal() * 0.9)
            let ring = (0...16).map { step -> Point in
                let corner = Self.circle[step % 16]
                return spot + corner * 0.62
            }
            line(ring, radius: 0.16, weight: weight * 3.2)
            projection.addBall(at: spot, radius: 0.3, weight: weight * 2.4, to: projection.metal)
            let far = Point(spot.x + (spot.x < 0 ? -1 : 1) * draw.within(5, 8), spot.y + draw.within(3, 9))
            let bow = (spot + far) * 0.5 + Point(draw.normal(), draw.within(-2, 2))
            line([spot, bow, far], radius: 0.11, weight: weight * 5)
        }
    }

    private func drawChestTube(_ side: Float, _ weight: Float, _ draw: inout Draw) {
        let entry = Point(side * (chest.wall(25) + 3), draw.within(25, 28))
        let tip = chest.place(side: side, across: draw.within(0.35, 0.6), down: draw.within(0.08, 0.2))
        let middle = Point(side * (chest.wall(20) - draw.within(1, 2)), 20)
        line([entry, Point(side * chest.wall(25), entry.y - 1), middle, tip], radius: 0.3, weight: weight * 1.1)
        line([entry, Point(side * chest.wall(25), entry.y - 1), middle, tip], radius: 0.09, weight: weight * 8)
    }

    private static let circle: [Point] = [
        (1, 0), (0.924, 0.383), (0.707, 0.707), (0.383, 0.924), (0, 1), (-0.383, 0.924), (-0.707, 0.707),
        (-0.924, 0.383), (-1, 0), (-0.924, -0.383), (-0.707, -0.707), (-0.383, -0.924), (0, -1), (0.383, -0.924),
        (0.707, -0.707), (0.924, -0.383),
    ].map { Point($0.0, $0.1) }
}
