/// Bones of a frontal radiograph.
struct FrontalSkeleton {
    let chest: FrontalChest
    let isAnteroposterior: Bool
    private let density: Float
    private let spacing: Float

    init(_ chest: FrontalChest, isAnteroposterior: Bool) {
        self.chest = chest
        self.isAnteroposterior = isAnteroposterior
        density = chest.anatomy.boneDensity
        spacing = chest.anatomy.ribSpacing
    }

    func draw(on projection: Projection, fractures: [Abnormality]) {
        var posterior: [Stroke] = []
        var anterior: [Stroke] = []
        for side in [Float(-1), 1] {
            for rib in 1...12 {
                let back = posteriorRib(rib, side: side)
                let broken = fractures.first { $0.side == side && FractureSite($0).ribs.contains(rib) }
                posterior +=
                    broken.map { FractureSite($0).strokes(along: back, rib: rib, of: ribStroke) } ?? [
                        ribStroke(back)
                    ]
                if rib <= 10 { anterior.append(anteriorRib(rib, side: side)) }
            }
        }
        projection.add(posterior, to: projection.bone, times: density)
        projection.add(anterior, to: projection.bone, times: 0.8 * density)
        projection.add(clavicles(), to: projection.bone, times: density)
        projection.add(shoulderBlades(), to: projection.bone, times: density)
        drawSpine(on: projection)
    }

    private func ribStroke(_ path: Path) -> Stroke {
        Stroke(path, radius: (0.52, 0.66, 0.56), weight: (0.62, 0.62), section: .shell(core: 0.8))
    }

    /// The upper end of a rib beside the spine.
    private func start(_ rib: Int) -> Float { 5.4 + spacing * Float(rib - 1) - (rib == 1 ? 0.2 : 0) }

    /// From the spine outwards and down to the chest's side.
    private func posteriorRib(_ rib: Int, side: Float) -> Path {
        let y = start(rib)
        func at(_ across: Float, _ down: Float) -> Point {
            let height = y + down
            return Point(side * (2.1 + across * (wall(height, rib) - 2.1)), height)
        }
        if rib == 1 {
            return Path(through: [
                Point(side * 2.2, y), Point(side * 4.6, y - 0.5), Point(side * 6.7, y + 0.6),
                Point(side * 7.1, y + 2),
            ])
        }
        if rib >= 11 {
            let length: Float = rib == 11 ? 1 : 0.6
            return Path(through: [at(0, 0.3), at(0.3 * length, 1.1), at(0.62 * length, 3), at(0.8 * length, 4.8)])
        }
        let drop = 1 + 0.035 * Float(rib - 6)
        return Path(through: [
            at(0, 0), at(0.22, -0.45 * drop), at(0.48, 0.1 * drop), at(0.72, 1.5 * drop), at(0.89, 3.3 * drop),
            at(1, 5.4 * drop),
        ])
    }

    private func wall(_ y: Float, _ rib: Int) -> Float { max(chest.wall(max(y, 8.2)), rib <= 2 ? 8 : 0) + 0.25 }

    /// From the chest's side forwards and down towards the breastbone, where cartilage begins.
    private func anteriorRib(_ rib: Int, side: Float) -> Stroke {
        let drop = 1 + 0.035 * Float(rib - 6)
        let y = start(rib) + (rib == 1 ? 2 : 5.4 * drop)
        if rib == 1 {
            let path = Path(through: [
                Point(side * 7.1, y), Point(side * 6.2, y + 1.5), Point(side * 4.2, y + 2.3),
                Point(side * 3, y + 2.5),
            ])
            return Stroke(path, radius: (0.6, 0.75, 0.8), weight: (0.55, 0.5), section: .shell(core: 0.8))
        }
        func at(_ across: Float, _ down: Float) -> Point {
            let height = y + down
            return Point(side * (3 + across * (wall(height, rib) - 3)), height)
        }
        let reach: Float = rib <= 6 ? 0.32 + 0.02 * Float(rib) : 0.5 + 0.07 * Float(rib - 7)
        let steps = [Float(1), 0.97, 0.84, 0.66, 0.5, 0.32].filter { $0 > reach } + [reach]
        let knots = steps.map { across -> Point in
            let inward = 1 - across
            return at(across, 7.2 * inward * (1 - 0.25 * inward) + (inward > 0 ? 0.35 : 0))
        }
        return Stroke(
            Path(through: knots), radius: (0.56, 0.66, 0.62), weight: (0.6, 0.2), section: .shell(core: 0.75))
    }

    private func clavicles() -> [Stroke] {
        [Float(-1), 1].map { side in
            let lift: Float = isAnteroposterior ? -0.8 : 0
            let path = Path(through: [
                Point(side * 1.7, 9.3 + 0.4 * lift), Point(side * 4.2, 8.6 + 0.6 * lift),
                Point(side * 8, 7.5 + lift), Point(side * 12, 5.9 + lift), Point(side * 15.6, 5.3 + lift),
            ])
            return Stroke(path, radius: (1, 0.62, 0.8), weight: (0.6, 0.95), section: .shell(core: 0.75))
        }
    }

    private func shoulderBlades() -> [Stroke] {
        let inward: Float = isAnteroposterior ? -2.4 : 0
        return [Float(-1), 1].flatMap { side -> [Stroke] in
            func at(_ x: Float, _ y: Float) -> Point { Point(side * (x + inward), y) }
            let plate = Stroke(
                Path(through: [at(15.8, 9), at(15, 13), at(14.2, 17.5), at(13.9, 19.4)]),
                radius: (2.2, 1.5, 0.5), weight: (0.09, 0.18), section: .soft)
            let inner = Stroke(
                Path(through: [at(13.4, 8.6), at(12.9, 12), at(13.2, 16), at(13.8, 20)]), radius: 0.25, weight: 0.5
            )
            let outer = Stroke(
                Path(through: [at(17.2, 10), at(16.2, 13), at(15, 17), at(13.9, 20)]), radius: 0.42, weight: 0.8)
            let spine = Stroke(
                Path(through: [at(13.2, 9.9), at(15.5, 8), at(18, 6)]), radius: 0.5, weight: 0.7,
                section: .shell(core: 0.8))
            let humerus = Stroke(
                Path(through: [at(18.4, 8.4), at(18.6, 9), at(19.3, 12), at(19.6, 16)]), radius: (2.2, 1.3, 1.1),
                weight: (0.5, 0), section: .shell(core: 0.85))
            return [plate, inner, outer, spine, humerus]
        }
    }

    /// Bodies of the vertebrae with their end plates, arches and spinous processes.
    private func drawSpine(on projection: Projection) {
        func bend(_ y: Float) -> Float {
            let t = (y - 20) / 20
            return chest.anatomy.scoliosis * t * (1 - t * t) * 2.2
        }
        var bodies: [Stroke] = []
        var plates: [Stroke] = []
        var arches: [Stroke] = []
        for index in -3...15 {
            let y = 5.4 + spacing * (Float(index) - 0.5)
            let half = 1.45 + 0.028 * Float(index)
            let x = bend(y)
            let reach = spacing * 0.31
            bodies.append(
                Stroke(
                    Path(points: [Point(x - half + reach, y), Point(x + half - reach, y)]), radius: reach * 1.25,
                    weight: 0.3, section: .shell(core: 0.35)))
            for edge in [-reach, reach] {
                plates.append(
                    Stroke(
                        Path(points: [Point(x - half, y + edge), Point(x + half, y + edge)]), radius: 0.12,
                        weight: 1.1))
            }
            for side in [Float(-1), 1] {
                let pedicle = Point(x + side * half * 0.62, y - 0.25)
                arches.append(
                    Stroke(Path(points: [pedicle, pedicle + Point(0, 0.3)]), radius: 0.34, weight: 0.35))
                arches.append(
                    Stroke(
                        Path(points: [Point(x + side * half, y - 0.3), Point(x + side * (half + 1), y - 0.55)]),
                        radius: 0.36, weight: 0.55, section: .shell(core: 0.7)))
            }
            arches.append(
                Stroke(Path(points: [Point(x, y + 0.5), Point(x, y + 1.25)]), radius: 0.25, weight: 0.6))
        }
        projection.add(bodies, to: projection.bone, times: density)
        projection.add(plates, to: projection.bone, times: density)
        projection.add(arches, to: projection.bone, times: density)
    }
}

/// Which ribs are broken, where, and how far the ends moved.
struct FractureSite {
    let ribs: ClosedRange<Int>
    private let place: Float
    private let shift: Float

    init(_ fracture: Abnormality) {
        var draw = fracture.draw("fracture")
        let first = 3 + draw.index(4)
        ribs = first...(first + (fracture.strength >= Abnormality.clear ? 1 + Int(1.9 * fracture.strength) : 0))
        place = draw.within(0.5, 0.68)
        shift = fracture.strength >= Abnormality.clear ? 0.7 + 0.6 * fracture.strength : 0.2
    }

    /// Two pieces with displaced, thickened ends in place of the whole rib.
    func strokes(along rib: Path, rib number: Int, of stroke: (Path) -> Stroke) -> [Stroke] {
        // Not one below the other.
        let aside = 0.07 * Float(number * 5 % 3 - 1)
        let cut = Int((place + aside) * Float(rib.points.count))
        let ends = (rib.points[cut] - rib.points[cut - 1]).direction
        let moved = Point(ends.across.x, ends.across.y) * shift
        let gap = ends * (0.3 + 0.6 * shift)
        let inner = Path(points: rib.points[..<cut].map { $0 } + [rib.points[cut] - gap * 0.5])
        let rest = rib.points[cut...]
        let outer = Path(
            points: rest.enumerated().map { index, point in
                point + gap * 0.5 + moved * (1 - 0.8 * Float(index) / Float(rest.count))
            })
        let callus = [inner.points.last!, outer.points[0]].map {
            Stroke(Path(points: [$0 - ends * 0.35, $0 + ends * 0.35]), radius: 0.62 + 0.15 * shift, weight: 0.75)
        }
        return [stroke(inner), stroke(outer)] + (shift > 0.3 ? callus : [])
    }
}
