/// Body, lungs, heart and mediastinum of a lateral radiograph, pixel by pixel.
struct LateralSoftTissue {
    let chest: LateralChest
    let canvas: Canvas

    func draw(on projection: Projection) {
        let right = diaphragm(side: -1)
        let left = diaphragm(side: 1)
        for row in 0..<canvas.height {
            let y = canvas.y(ofRow: row)
            let line = Line(chest, y)
            let (first, step) = canvas.columns(atHeight: y)
            let body = projection.body.row(row)
            let air = projection.air.row(row)
            let shift = Int((canvas.lean * (y - 20) / canvas.centimetresPerPixel).rounded())
            for column in 0..<canvas.width {
                let x = first + step * Float(column)
                body[column] = line.body(x)
                let place = min(canvas.width - 1, max(0, column - shift))
                air[column] = line.air(x, above: (right[place] - y, left[place] - y))
            }
        }
    }

    private func diaphragm(side: Float) -> [Float] {
        let (first, step) = canvas.columns(atHeight: 20)
        return (0..<canvas.width).map { chest.diaphragm(side: side, first + step * Float($0)) }
    }
}

/// What is the same along one row.
private struct Line {
    private let skinMiddle: Float
    private let skinHalf: Float
    private let width: Float
    private let lungMiddle: Float
    private let lungHalf: Float
    private let lungWidth: Float
    private let heartMiddle: Float
    private let heartHalf: Float
    private let heartWidth: Float
    private let between: Float

    init(_ chest: LateralChest, _ y: Float) {
        let skin = chest.skin(y)
        skinMiddle = (skin.front + skin.back) / 2
        skinHalf = (skin.back - skin.front) / 2
        width = Self.bodyWidth(y) * (0.9 + 0.2 * chest.anatomy.fat)
        let cavity = chest.cavity(y) ?? (0, 0)
        lungMiddle = (cavity.front + cavity.back) / 2
        lungHalf = max(1e-3, (cavity.back - cavity.front) / 2)
        lungWidth = chest.cavity(y) == nil ? 0 : Self.cavityWidth(y) * chest.anatomy.lungWidth
        let heart = chest.heart(y) ?? (0, 0)
        heartMiddle = (heart.front + heart.back) / 2
        heartHalf = max(1e-3, (heart.back - heart.front) / 2)
        heartWidth = chest.heart(y) == nil ? 0 : Self.heartWidths(y) * chest.cardiothoracicRatio / 0.45
        between = Self.mediastinum(y) + chest.widening * 0.8 * (1 - clamped((y - 14) / 8))
    }

    private static let bodyWidth = Curve([
        (-2, 26), (3, 30), (7, 33), (11, 32), (16, 31), (24, 31.5), (32, 31), (42, 31),
    ])
    private static let cavityWidth = Curve([(5, 7), (8, 15), (12, 21), (17, 24.5), (24, 26), (32, 26), (42, 25)])
    private static let heartWidths = Curve([(15, 3), (18, 6), (22, 9.5), (28, 10.5), (34, 10)])
    private static let mediastinum = Curve([(5, 6), (9, 7), (13, 7), (17, 5), (22, 4), (34, 4)])

    @inline(__always)
    func body(_ x: Float) -> Float {
        let t = (x - skinMiddle) / skinHalf
        let square = t * t
        return width * positive(1 - square * square).squareRoot()
    }

    /// Centimetres of inflated lung; each half counts where it lies above its own half of the diaphragm.
    @inline(__always)
    func air(_ x: Float, above: (Float, Float)) -> Float {
        let t = (x - lungMiddle) / lungHalf
        let square = t * t
        let round = positive(1 - square * square).squareRoot()
        guard round > 0 else { return 0 }
        let v = (x - heartMiddle) / heartHalf
        let heart = heartWidth * positive(1 - v * v).squareRoot()
        // Little lies between the lungs behind the breastbone and beside the spine.
        let middle = between * positive(1 - 0.85 * square)
        let lung = positive(lungWidth * round - max(heart, middle))
        let open = smoothStep(-0.12, 0.2, above.0) * 0.53 + smoothStep(-0.12, 0.2, above.1) * 0.47
        return lung * open
    }
}
