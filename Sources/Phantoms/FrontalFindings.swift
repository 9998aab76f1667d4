/// Diseases of lung and pleura in a frontal radiograph.
struct FrontalFindings {
    let chest: FrontalChest
    let projection: Projection
    /// Cloudiness for ragged edges.
    let noise: Plane

    func draw(_ abnormality: Abnormality) {
        let (side, strength) = (abnormality.side, abnormality.strength)
        var draw = abnormality.draw("place")
        switch abnormality.kind {
        case .haze: drawHaze(side, strength, &draw)
        case .nodules: drawNodules(side, strength, &draw)
        case .edema: drawEdema(strength, &draw)
        case .consolidation: drawConsolidation(side, strength, &draw)
        case .pneumonia: drawPneumonia(side, strength, &draw)
        case .atelectasis: drawAtelectasis(side, strength, &draw)
        case .pneumothorax: drawPneumothorax(side, strength)
        case .effusion: drawEffusion(side, strength, &draw)
        case .pleuralThickening: drawPleura(side, strength, &draw)
        default: break  // outlines, bones and devices are drawn elsewhere
        }
    }

    private func drawHaze(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let center = chest.place(side: side, across: draw.within(0.35, 0.65), down: draw.within(0.3, 0.75))
        projection.fillCloud(
            at: center, radii: Point(draw.within(4.2, 5.5), draw.within(4.5, 6.5)), part: 0.12 + 0.3 * strength,
            softness: 0.85, ragged: 0.25, noise: noise)
    }

    private func drawNodules(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let count = strength > Abnormality.clear ? 1 + draw.index(3) : 1
        for number in 0..<count {
            let place = chest.place(
                side: number == 0 ? side : draw.side(), across: draw.within(0.3, 0.75), down: draw.within(0.2, 0.8)
            )
            let radius = (0.45 + 1.35 * strength) * draw.within(0.85, 1.15)
            projection.addBall(at: place, radius: radius, weight: 0.95, to: projection.water)
            projection.fillCloud(
                at: place, radii: Point(radius * 1.25, radius * 1.25), part: 0.3, softness: 0.4, ragged: 0.15,
                noise: noise)
        }
    }

    private func drawEdema(_ strength: Float, _ draw: inout Draw) {
        for side in [Float(-1), 1] {
            let hilum = chest.hilum(side: side)
            projection.fillCloud(
                at: hilum + Point(side * 2.2, 1.5), radii: Point(8, 10.5), part: 0.1 + 0.36 * strength,
                softness: 0.95, ragged: 0.3, noise: noise)
            let base = chest.place(side: side, across: 0.45, down: 0.85)
            projection.fillCloud(
                at: base, radii: Point(7.5, 6.5), part: 0.05 + 0.25 * strength, softness: 0.9, ragged: 0.35,
                noise: noise)
        }
        guard strength > Abnormality.clear else { return }
        // Kerley's B lines: short, level, at the sides of the bases.
        var lines: [Stroke] = []
        for side in [Float(-1), 1] {
            let angle = chest.angle(side: side)
            for step in 0..<7 {
                let y = angle.y - 1.5 - 0.75 * Float(step)
                let x = side * (chest.wall(y) - 0.2)
                let end = Point(x - side * draw.within(1.2, 2), y + draw.within(-0.1, 0.2))
                lines.append(Stroke(Path(points: [Point(x, y), end]), radius: 0.09, weight: 3))
            }
        }
        projection.add(lines, to: projection.water)
    }

    private func drawConsolidation(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let upper = draw.chance(0.4)
        let center = chest.place(side: side, across: 0.5, down: upper ? 0.28 : draw.within(0.6, 0.78))
        projection.fillCloud(
            at: center, radii: Point(draw.within(3.8, 5), draw.within(3.2, 4.4)), part: 0.2 + 0.38 * strength,
            softness: 0.6, ragged: 0.35, noise: noise)
        drawBronchograms(center, toward: side, strength, &draw)
    }

    /// Air-filled airways stay dark within filled lung.
    private func drawBronchograms(_ center: Point, toward side: Float, _ strength: Float, _ draw: inout Draw) {
        let strokes = (0..<4).map { number -> Stroke in
            let direction = Point(side, -0.9 + 0.6 * Float(number)).direction
            let start = center + Point(-side * 2, draw.within(-0.6, 0.6))
            return Stroke(
                Path(through: [start, start + direction * 1.6, start + direction * draw.within(2.6, 3.6)]),
                radius: (0.24, 0.18, 0.1))
        }
        projection.add(strokes, to: projection.water, times: -2.2 * strength)
    }

    private func drawPneumonia(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let focus = chest.place(side: side, across: draw.within(0.35, 0.55), down: draw.within(0.5, 0.74))
        for _ in 0..<(4 + draw.index(4)) {
            let place = focus + Point(draw.normal() * 2.1, draw.normal() * 2.4)
            let radius = draw.within(1.9, 3.3)
            projection.fillCloud(
                at: place, radii: Point(radius, radius * draw.within(0.8, 1.1)), part: 0.16 + 0.3 * strength,
                softness: 0.6, ragged: 0.5, noise: noise)
        }
        drawBronchograms(focus, toward: side, strength, &draw)
    }

    /// Plates of collapsed lung; the raised diaphragm is in the chest's outlines.
    private func drawAtelectasis(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let count = strength > Abnormality.clear ? 2 + draw.index(2) : 1
        let plates = (0..<count).map { number -> Stroke in
            let start = chest.place(side: side, across: draw.within(0, 0.2), down: 0.88 - 0.11 * Float(number))
            let end = start + Point(side * draw.within(5, 7.5), draw.within(-1.3, 0.4))
            let middle = (start + end) * 0.5 + Point(0, draw.within(-0.3, 0.3))
            let thick = 0.2 + 0.28 * strength
            return Stroke(
                Path(through: [start, middle, end]), radius: (thick, thick * 1.1, thick * 0.5), weight: (3.2, 2),
                section: .soft)
        }
        projection.add(plates, to: projection.water, times: 0.5 + 0.8 * strength)
        let base = chest.place(side: side, across: 0.3, down: 0.97)
        projection.fillCloud(
            at: base, radii: Point(6, 2.2), part: 0.2 + 0.35 * strength, softness: 0.8, ragged: 0.3, noise: noise)
    }

    /// Air between chest wall and lung: black, without vessels, and the lung's edge as a thin white line.
    private func drawPneumothorax(_ side: Float, _ strength: Float) {
        let hilum = chest.hilum(side: side)
        let size = 0.93 - 0.36 * strength
        let canvas = projection.canvas
        for row in 0..<canvas.height {
            let y = canvas.y(ofRow: row)
            // The collapsed lung is the whole one, shrunk towards its hilum; its wall at this height:
            let whole = hilum.y + (y - hilum.y) / (y < hilum.y ? size : size + 0.06)
            let edge = abs(hilum.x) + (chest.wall(whole) - abs(hilum.x)) * size
            let (first, step) = canvas.columns(atHeight: y)
            for column in 0..<canvas.width {
                let x = (first + step * Float(column)) * side
                let index = row * canvas.width + column
                guard x > 2, y < chest.diaphragm(side * x), projection.air.values[index] > 0 else { continue }
                let inside = whole > chest.apex ? edge - x : -1
                projection.freeAir.values[index] = 1 - smoothStep(-0.05, 0.05, inside)
                if inside > 0 {
                    projection.fill(index, 0.1 * strength)
                    if inside < 0.22 { projection.water.values[index] += 1.5 }
                }
            }
        }
    }

    /// Fluid at the base, its surface rising towards the side.
    private func drawEffusion(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let angle = chest.angle(side: side)
        let height = strength < Abnormality.clear ? 1.4 + 3 * strength : 0.5 + 11.5 * strength
        let tilt = draw.within(0.42, 0.55)
        let canvas = projection.canvas
        for row in 0..<canvas.height {
            let y = canvas.y(ofRow: row)
            guard y > angle.y - height - 2 else { continue }
            let wall = chest.wall(y)
            let (first, step) = canvas.columns(atHeight: y)
            for column in 0..<canvas.width {
                let x = (first + step * Float(column)) * side
                guard x > 0, x < wall + 0.5 else { continue }
                let across = x / max(1, wall)
                let meniscus = height * (1 - tilt + tilt * across * across * across) - (1 - across) * 1.2
                let depth = y - (angle.y - meniscus)
                let index = row * canvas.width + column
                let part = smoothStep(-0.5, 1.3, depth + 0.15 * noise.values[index])
                if part > 0 { projection.fill(index, 0.93 * part) }
            }
        }
    }

    /// A rind along the chest's side and over the lung's tip, with chalky plaques.
    private func drawPleura(_ side: Float, _ strength: Float, _ draw: inout Draw) {
        let thick = 0.25 + 0.95 * strength
        let from = draw.within(9, 12)
        var rind: [Point] = []
        for step in 0...12 {
            let y = from + Float(step) * (chest.angle(side: side).y - 1 - from) / 12
            rind.append(Point(side * (chest.wall(y) - thick * 0.4), y))
        }
        let cap = (0...6).map { step -> Point in
            let y = chest.apex + 0.5 + 0.45 * Float(step)
            return Point(side * (chest.wall(y) - 0.3), y)
        }
        projection.add(
            [
                Stroke(
                    Path(points: rind), radius: (thick * 0.5, thick, thick * 0.8), weight: (2.2, 2.2),
                    section: .soft),
                Stroke(Path(points: cap), radius: (thick, thick * 0.9, 0.2), weight: (1.6, 1.2), section: .soft),
            ], to: projection.water)
        guard strength > Abnormality.clear else { return }
        let plaques = (0..<5).map { number -> Stroke in
            let start = chest.place(side: side, across: draw.within(0.35, 0.9), down: 0.3 + 0.13 * Float(number))
            let end = start + Point(draw.within(-0.7, 0.7), draw.within(0.5, 1.3))
            return Stroke(Path(points: [start, end]), radius: draw.within(0.2, 0.38), weight: 0.9)
        }
        projection.add(plaques, to: projection.bone)
    }
}
