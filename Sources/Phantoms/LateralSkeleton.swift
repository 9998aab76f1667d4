/// Bones of a lateral radiograph.
struct LateralSkeleton {
    let chest: LateralChest

    func draw(on projection: Projection, fractures: [Abnormality]) {
        let density = chest.anatomy.boneDensity
        for side in [Float(-1), 1] {
            // The side away from the detector is drawn larger and lies a little off.
            let ribs = (1...11).flatMap { rib -> [Stroke] in
                let path = self.rib(rib, side: side)
                let broken = fractures.first { $0.side == side && FractureSite($0).ribs.contains(rib) }
                let stroke = { (path: Path) in
                    Stroke(path, radius: (0.5, 0.52, 0.46), weight: (1.1, 0.55), section: .shell(core: 0.8))
                }
                return broken.map { FractureSite($0).strokes(along: path, rib: rib, of: stroke) } ?? [stroke(path)]
            }
            projection.add(ribs, to: projection.bone, times: density)
        }
        drawSpine(on: projection, density)
        drawBreastbone(on: projection, density)
        drawShoulders(on: projection, density)
    }

    /// From the spine backwards, around the back and forwards down.
    private func rib(_ number: Int, side: Float) -> Path {
        let y = 5.6 + chest.anatomy.ribSpacing * Float(number - 1) + 0.45 * side
        func at(_ across: Float, _ down: Float) -> Point {
            let height = y + down
            let cavity = chest.cavity(max(height, 7)) ?? (-1, 3)
            return Point(cavity.front + (cavity.back + 0.2 * side - cavity.front) * across, height)
        }
        let start = Point(chest.spine(y) + 1.2, y)
        let reach: Float = number <= 7 ? 0 : 0.12 * Float(number - 7)
        let knots: [(Float, Float)] = [
            (0.97, 1.1), (0.98, 2.6), (0.84, 4.6), (0.62, 6.6), (0.38, 8.6), (0.12, 10.2),
        ]
        return Path(through: [start] + knots.filter { $0.0 > reach }.map { at($0.0, $0.1) })
    }

    private func drawSpine(on projection: Projection, _ density: Float) {
        let spacing = chest.anatomy.ribSpacing
        var bodies: [Stroke] = []
        var plates: [Stroke] = []
        var arches: [Stroke] = []
        for index in -3...15 {
            let y = 5.4 + spacing * (Float(index) - 0.5)
            let x = chest.spine(y)
            // Along the spine, and across it.
            let along = Point(chest.spine(y + 0.5) - chest.spine(y - 0.5), 1).direction
            let across = along.across * -1
            let half = 1.25 + 0.045 * Float(index)
            let reach = spacing * 0.36
            let center = Point(x, y)
            bodies.append(
                Stroke(
                    Path(points: [center - across * (half - reach * 0.6), center + across * (half - reach * 0.6)]),
                    radius: reach, weight: 0.75, section: .shell(core: 0.6)))
            for edge in [-reach, reach] {
                let middle = center + along * edge
                plates.append(
                    Stroke(
                        Path(points: [middle - across * half, middle + across * half]), radius: 0.11, weight: 2))
            }
            for edge in [-half, half] {
                let middle = center + across * edge
                plates.append(
                    Stroke(
                        Path(points: [middle - along * reach, middle + along * reach]), radius: 0.1, weight: 1.6))
            }
            let back = Point(x + half + 0.2, y - 0.2)
            arches.append(
                Stroke(
                    Path(through: [back, back + Point(1.4, 0.5), back + Point(2.7, 1.9)]),
                    radius: (0.45, 0.5, 0.35),
                    weight: (0.7, 0.5), section: .shell(core: 0.7)))
        }
        for layer in [bodies, plates, arches] { projection.add(layer, to: projection.bone, times: density) }
    }

    private func drawBreastbone(on projection: Projection, _ density: Float) {
        func front(_ y: Float) -> Float { (chest.cavity(y)?.front ?? -5) - 0.45 }
        let top = Stroke(
            Path(through: [Point(front(9) - 0.1, 8.8), Point(front(11), 11), Point(front(13), 13.2)]),
            radius: (0.75, 0.6, 0.5), weight: (1.3, 1.3), section: .shell(core: 0.5))
        let rest = Stroke(
            Path(through: [Point(front(13.6), 13.6), Point(front(18), 18), Point(front(23.5), 23.5)]),
            radius: (0.5, 0.5, 0.35), weight: (2.2, 2), section: .shell(core: 0.6))
        projection.add([top, rest], to: projection.bone, times: density)
    }

    /// Shoulder blades and the heads of the raised arms' bones.
    private func drawShoulders(on projection: Projection, _ density: Float) {
        var strokes: [Stroke] = []
        for side in [Float(-1), 1] {
            let off = 1.1 * side
            strokes.append(
                Stroke(
                    Path(through: [Point(6.5 + off, 5), Point(9.4 + off, 9.5), Point(11 + off, 14.5)]),
                    radius: (0.5, 0.3, 0.25), weight: (0.7, 0.7)))
            strokes.append(
                Stroke(
                    Path(through: [
                        Point(-1.5 + off * 1.6, 3.2), Point(-3.4 + off * 1.6, 0.5), Point(-5 + off * 1.6, -3),
                    ]),
                    radius: (1.9, 1.3, 1.1), weight: (0.4, 0.4), section: .shell(core: 0.85)))
        }
        projection.add(strokes, to: projection.bone, times: density)
    }
}
