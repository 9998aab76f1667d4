/// Body, lungs, heart and mediastinum of a frontal radiograph, pixel by pixel.
struct FrontalSoftTissue {
    let chest: FrontalChest
    let canvas: Canvas

    func draw(on projection: Projection) {
        let domes = diaphragmOfColumns()
        for row in 0..<canvas.height {
            let y = canvas.y(ofRow: row)
            let line = Line(chest, y)
            let (first, step) = canvas.columns(atHeight: y)
            let body = projection.body.row(row)
            let air = projection.air.row(row)
            // The lean of the axis moves the diaphragm's columns with it.
            let shift = Int((canvas.lean * (y - 20) / canvas.centimetresPerPixel).rounded())
            for column in 0..<canvas.width {
                let x = first + step * Float(column)
                body[column] = line.body(x)
                let dome = domes[min(canvas.width - 1, max(0, column - shift))]
                air[column] = line.air(x, aboveDiaphragm: dome - y)
            }
        }
    }

    private func diaphragmOfColumns() -> [Float] {
        let (first, step) = canvas.columns(atHeight: 20)
        return (0..<canvas.width).map { chest.diaphragm(first + step * Float($0)) }
    }
}

/// What is the same along one row.
private struct Line {
    let skin: Float
    let depth: Float
    let wall: Float
    let cavity: Float
    let right: Float
    let left: Float
    let heartMiddle: Float
    let heartHalf: Float
    let heartDepth: Float

    init(_ chest: FrontalChest, _ y: Float) {
        skin = chest.skin(y)
        depth = Self.bodyDepth(y) * (0.85 + 0.3 * chest.anatomy.fat)
        wall = chest.wall(y)
        cavity = Self.cavityDepth(y)
        right = chest.mediastinum(side: -1, y)
        left = chest.mediastinum(side: 1, y)
        let heart = chest.heart(y) ?? (0, 0)
        heartMiddle = (heart.right + heart.left) / 2
        heartHalf = max(1e-3, (heart.left - heart.right) / 2)
        heartDepth = heart.left > 0 ? Self.heartDepths(y) * min(1.25, 0.5 + 0.09 * heartHalf) : 0
    }

    private static let bodyDepth = Curve([
        (0, 11), (4, 12), (8, 15), (14, 19), (20, 21), (28, 21.5), (34, 21), (42, 21),
    ])
    private static let cavityDepth = Curve([
        (5, 3), (7, 6.5), (10, 11), (14, 14.5), (20, 16.5), (28, 17), (34, 16), (42, 15),
    ])
    private static let heartDepths = Curve([(16, 5), (18, 9), (22, 13), (27, 13.5), (33, 12)])

    @inline(__always)
    func body(_ x: Float) -> Float {
        let t = x / skin
        let square = t * t
        return depth * positive(1 - square * square).squareRoot()
    }

    /// Centimetres of inflated lung at `x`; a tenth of it lies behind and below the diaphragm's dome.
    @inline(__always)
    func air(_ x: Float, aboveDiaphragm above: Float) -> Float {
        let t = x / max(1e-3, wall)
        let square = t * t
        let round = positive(1 - square * square).squareRoot()
        guard round > 0 else { return 0 }
        let beside = x < 0 ? -x - right : x - left
        let inLung = smoothStep(-0.25, 0.3, beside)
        let v = (x - heartMiddle) / heartHalf
        let heart = heartDepth * positive(1 - v * v).squareRoot()
        let behindDome = 0.11 * clamped(1 + above / 4.5)
        let open = behindDome + (1 - behindDome) * smoothStep(-0.12, 0.2, above)
        return positive(cavity * round - heart) * inLung * open
    }
}
