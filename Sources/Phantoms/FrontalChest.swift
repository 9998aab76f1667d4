/// The outlines of a chest seen from the front or the back, in standard centimetres: x from the midline (the
/// patient's right is negative, at the picture's left), y down from the upper edge.
struct FrontalChest {
    let anatomy: Anatomy
    /// Height of the lungs' tips.
    let apex: Float = 5.2
    /// The diaphragm's highest points, right and left.
    let domes: (right: Float, left: Float)
    /// Heart width over inner chest width.
    let cardiothoracicRatio: Float
    /// How far the mediastinum reaches beyond the normal, in centimetres.
    let widening: Float

    /// The patient's own anatomy, with what the abnormalities change of its outlines.
    init(_ anatomy: Anatomy, _ positioning: Positioning, _ abnormalities: [Abnormality]) {
        self.anatomy = anatomy
        func strength(_ kind: Abnormality.Kind, side: Float = 0) -> Float {
            abnormalities.filter { $0.kind == kind && (side == 0 || $0.side == side) }.map(\.strength).max() ?? 0
        }
        let breath = positioning.shallowBreath
        domes = (
            29.6 - anatomy.diaphragm.right - breath - 2.6 * strength(.atelectasis, side: -1),
            31.0 - anatomy.diaphragm.left - breath - 2.6 * strength(.atelectasis, side: 1)
        )
        let enlarged = strength(.cardiomegaly)
        let projected: Float = positioning.isAnteroposterior ? 0.015 : 0
        cardiothoracicRatio =
            enlarged > 0 ? 0.5 + 0.2 * enlarged : min(0.49, anatomy.cardiothoracicRatio + projected)
        widening = 2.4 * strength(.wideMediastinum)
    }

    /// Inner half width of the chest.
    func wall(_ y: Float) -> Float {
        guard y > apex else { return 0 }
        let width = anatomy.lungWidth * Self.wallCurve(y)
        let roundness = clamped((y - apex) / 3.2)
        // The tip of the lung is a dome around x = 5.
        return 5 + (width - 5) * (roundness * (2 - roundness)).squareRoot()
    }

    private static let wallCurve = Curve([
        (4, 8), (7, 9), (10, 10.9), (14, 12.3), (19, 13.3), (24, 13.9), (29, 14.2), (34, 14.1), (41, 13.8),
    ])

    /// Where lung begins beside the mediastinum, at `side`.
    func mediastinum(side: Float, _ y: Float) -> Float {
        let curve = side < 0 ? Self.rightBorder : Self.leftBorder
        var border = curve(y) + widening * Self.wideningCurve(y)
        if side > 0 { border += anatomy.aorta * Self.archCurve(y) }
        let roundness = clamped((y - apex) / 2.6)
        return 5 + (border - 5) * (roundness * (2 - roundness)).squareRoot()
    }

    private static let rightBorder = Curve([
        (5, 3.4), (8, 2.7), (11, 2.5), (14, 2.6), (17, 2.8), (20, 2.4), (26, 2.1), (36, 2.2),
    ])
    private static let leftBorder = Curve([
        (5, 3.3), (8, 2.6), (10, 2.4), (11.3, 2.9), (12.4, 3.3), (13.5, 2.9), (14.7, 2.5), (16.3, 2.9), (19, 2.6),
        (26, 2.2), (36, 2.3),
    ])
    private static let wideningCurve = Curve([(5, 0.4), (8, 0.85), (11.5, 1), (15, 0.9), (19, 0.4), (23, 0)])
    private static let archCurve = Curve([(10, 0), (11.3, 0.7), (12.4, 1), (13.6, 0.6), (15, 0)])

    /// The heart's edges at height `y`, right (negative) and left; nil above and below it.
    func heart(_ y: Float) -> (right: Float, left: Float)? {
        let top: Float = 16.2
        let bottom = max(domes.left, domes.right) + 2.2
        guard y > top, y < bottom else { return nil }
        let t = (y - top) / (bottom - top)
        // The widest left and right extents do not stand at one height; together they make the ratio.
        let width = cardiothoracicRatio * 2 * wall(domes.right)
        return (-0.33 * width * Self.rightHeart(t), 0.67 * width * Self.leftHeart(t))
    }

    private static let rightHeart = Curve([
        (0, 0.45), (0.15, 0.6), (0.35, 0.9), (0.5, 1), (0.65, 0.98), (0.8, 0.82), (1, 0.5),
    ])
    private static let leftHeart = Curve([
        (0, 0.28), (0.12, 0.4), (0.3, 0.6), (0.5, 0.82), (0.68, 0.97), (0.77, 1), (0.87, 0.93), (0.95, 0.72),
        (1, 0.4),
    ])

    /// The edge of the diaphragm's dome at `x`, on the side where x lies.
    func diaphragm(_ x: Float) -> Float {
        let top = x < 0 ? domes.right : domes.left
        let away = (x < 0 ? -x : x) - 6.2
        if away < 0 {
            let inward = -away / 6.2
            return top + 1.6 * inward * inward
        }
        let outward = away / 7.6
        return top + 4.7 * outward * outward * (0.55 + 0.45 * outward)
    }

    /// Where the lung ends at the side: the costophrenic angle.
    func angle(side: Float) -> Point {
        let top = side < 0 ? domes.right : domes.left
        let x = side * wall(top + 3.5)
        return Point(x, diaphragm(x))
    }

    /// Where the vessels enter the lung.
    func hilum(side: Float) -> Point { Point(side * 3.6, side < 0 ? 17.4 : 16.4) }

    /// A place within a lung: `across` 0 at the mediastinum to 1 at the side, `down` 0 at the tip to 1 at the base.
    func place(side: Float, across: Float, down: Float) -> Point {
        let y = apex + 1.5 + (angle(side: side).y - 2 - apex) * down
        let inner = max(mediastinum(side: side, y), heart(y).map { side < 0 ? -$0.right : $0.left } ?? 0)
        let x = side * (inner + (wall(y) - inner) * across)
        return Point(x, min(y, diaphragm(x)))
    }

    /// Outer half width of the body.
    func skin(_ y: Float) -> Float {
        (0.93 + 0.16 * anatomy.fat) * Self.skinCurve(y)
    }

    private static let skinCurve = Curve([
        (-2, 6), (0.5, 6.2), (2, 7), (3.2, 9.5), (4.6, 14), (6, 18), (8, 21.5), (11, 22.5), (14, 22), (17, 20.4),
        (20, 18.6), (24, 17.2), (30, 17.3), (36, 17.4), (42, 18),
    ])
}
