/// Diseases and devices in a lateral radiograph.
struct LateralFindings {
    let chest: LateralChest
    let projection: Projection
    let noise: Plane

    func draw(_ abnormality: Abnormality) {
        let (side, strength) = (abnormality.side, abnormality.strength)
        var draw = abnormality.draw("lateral place")
        switch abnormality.kind {
        case .haze: cloud(side, 0.3...0.75, 0.35...0.7, Point(5, 5.5), 0.1 + 0.2 * strength, 0.85, &draw)
        case .consolidation: cloud(side, 0.3...0.7, 0.3...0.7, Point(4.2, 3.8), 0.1 + 0.2 * strength, 0.65, &draw)
        case .pneumonia:
            for _ in 0..<4 {
                cloud(side, 0.55...0.8, 0.6...0.82, Point(2.3, 2.2), 0.12 + 0.2 * strength, 0.6, &draw)
            }
        case .edema:
            projection.fillCloud(
                at: Point(2, 18.5), radii: Point(10, 10.5), part: 0.08 + 0.34 * strength, softness: 0.9,
                ragged: 0.3,
                noise: noise)
        case .nodules:
            let place = chest.place(side: side, across: draw.within(0.3, 0.75), down: draw.within(0.2, 0.75))
            projection.addBall(at: place, radius: 0.45 + 1.35 * strength, weight: 1.1, to: projection.water)
        case .atelectasis: drawPlates(side, strength, &draw)
        case .effusion: drawEffusion(side, strength)
        case .pneumothorax: drawPneumothorax(side, strength)
        case .pleuralThickening: drawPleura(side, strength)
        default: drawDevice(abnormality, &draw)
        }
    }

    private func cloud(
        _ side: Float, _ across: ClosedRange<Float>, _ down: ClosedRange<Float>, _ radii: Point, _ part: Float,
        _ softness: Float, _ draw: inout Draw
    ) {
        let place = chest.place(
            side: side, across: draw.within(across.lowerBound, across.upperBound),
            down: draw.within(down.lowerBound, down.upperBound))
        projection.fillCloud(at: place, radii: radii, part: part, softness: softness, ragged: 0.3, noise: noise)
    }

    private func drawPlates(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let plates = (0..<2).map { number -> Stroke in
            let start = chest.place(side: side, across: 0.35, down: 0.86 - 0.1 * Float(number))
            let end = start + Point(draw.within(5, 8), draw.within(-0.5, 2))
            return Stroke(
                Path(points: [start, (start + end) * 0.5 + Point(0, 0.3), end]), radius: 0.2 + 0.25 * strength,
                weight: 2.6, section: .soft)
        }
        projection.add(plates, to: projection.water, times: 0.6 + 0.8 * strength)
    }

    /// Fluid fills the angle at the back first; from the side it hides half of the diaphragm.
    private func drawEffusion(_ side: Float, _ strength: Float) {
        let angle = chest.angle(side: side)
        let height = strength < Abnormality.clear ? 1.4 + 3 * strength : 0.5 + 11.5 * strength
        let canvas = projection.canvas
        for row in 0..<canvas.height {
            let y = canvas.y(ofRow: row)
            guard y > angle.y - height - 2, let cavity = chest.cavity(y) else { continue }
            let (first, step) = canvas.columns(atHeight: y)
            for column in 0..<canvas.width {
                let x = first + step * Float(column)
                let across = clamped((x - cavity.front) / (cavity.back - cavity.front))
                let bow = (2 * across - 1) * (2 * across - 1)
                let surface = angle.y - height * (0.62 + 0.38 * bow * across) + 1.6 * (1 - across)
                let part = smoothStep(-0.4, 1.2, y - surface)
                if part > 0 { projection.fill(row * canvas.width + column, 0.55 * part) }
            }
        }
    }

    private func drawPneumothorax(_ side: Float, _ strength: Float) {
        let canvas = projection.canvas
        let size = 0.93 - 0.36 * strength
        for row in 0..<canvas.height {
            let y = canvas.y(ofRow: row)
            let whole = 17 + (y - 17) / size
            let cavity = chest.cavity(whole)
            let (first, step) = canvas.columns(atHeight: y)
            for column in 0..<canvas.width where projection.air.row(row)[column] > 0 {
                let x = first + step * Float(column)
                let inside =
                    cavity.map { min(x - (1 + ($0.front - 1) * size), 1 + ($0.back - 1) * size - x) } ?? -1
                let index = row * canvas.width + column
                projection.freeAir.values[index] = 0.5 * (1 - smoothStep(-0.05, 0.05, inside))
                if inside > 0, inside < 0.2 { projection.water.values[index] += 1.2 }
            }
        }
    }

    private func drawPleura(_ side: Float, _ strength: Float) {
        let thick = 0.25 + 0.8 * strength
        let points = (0...10).compactMap { step -> Point? in
            let y = 12 + 1.9 * Float(step)
            return chest.cavity(y).map { Point($0.back - thick * 0.4, y) }
        }
        projection.add(
            [Stroke(Path(points: points), radius: (thick * 0.5, thick, thick), weight: (2, 2), section: .soft)],
            to: projection.water)
    }

    private func drawDevice(_ device: Abnormality, _ draw: inout Draw) {
        let weight = 0.55 + 0.6 * device.strength
        func line(_ points: [Point], _ radius: Float, _ weight: Float) {
            projection.add(
                [Stroke(Path(through: points, piecesPerKnot: 8), radius: radius, weight: weight)],
                to: projection.metal)
        }
        switch device.kind {
        case .pacemaker:
            let box = Point(-6.5, 10.5)
            line([box, box + Point(0.3, 1.5)], 0.45, 1.6 * weight)
            line([box, box + Point(0.2, 1.2)], 0.3, 3 * weight)
            line(
                [box, Point(-2, 10), Point(0.6, 14), Point(-0.5, 21), Point(-5, 27), Point(-8.5, 28.2)], 0.13,
                7 * weight)
        case .centralLine:
            line([Point(1.5, -1), Point(0, 6), Point(-0.8, 11), Point(-0.4, 17.5)], 0.13, 5 * weight)
        case .gastricTube:
            line([Point(1.5, -1), Point(4, 10), Point(4.6, 20), Point(2, 33), Point(-4, 36)], 0.15, 4 * weight)
        case .endotrachealTube:
            line([Point(0.6, -1), Point(1.4, 6), Point(2.2, 10.5)], 0.3, 1.5 * weight)
        case .chestTube:
            line([Point(3, 28), Point(2, 24), Point(4, 15), Point(2, 8.5)], 0.3, 1.1 * weight)
            line([Point(3, 28), Point(2, 24), Point(4, 15), Point(2, 8.5)], 0.09, 8 * weight)
        case .electrodes:
            for y in [Float(11), 29] {
                let spot = Point((chest.skin(y).front) + 0.5, y + draw.within(-0.5, 0.5))
                line([spot, spot + Point(0, 0.9)], 0.2, 4 * weight)
                line([spot, spot + Point(3, 2), spot + Point(9, draw.within(1, 6))], 0.1, 5 * weight)
            }
        default: break
        }
    }
}
