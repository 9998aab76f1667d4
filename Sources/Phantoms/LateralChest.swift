/// The outlines of a chest seen from the side, in standard centimetres: x from the middle between breastbone
/// and back (the front is negative, at the picture's left), y down from the upper edge.
struct LateralChest {
    let anatomy: Anatomy
    /// The diaphragm's highest points, right and left.
    let domes: (right: Float, left: Float)
    let cardiothoracicRatio: Float
    let widening: Float

    init(_ frontal: FrontalChest) {
        anatomy = frontal.anatomy
        domes = frontal.domes
        cardiothoracicRatio = frontal.cardiothoracicRatio
        widening = frontal.widening
    }

    /// Where lung touches the breastbone, and where the back.
    func cavity(_ y: Float) -> (front: Float, back: Float)? {
        guard y > 5.2 else { return nil }
        let t = clamped((y - 5.2) / 3)
        let roundness = (t * (2 - t)).squareRoot()
        return (1 + (Self.front(y) - 1) * roundness, 1 + (Self.back(y) - 1) * roundness)
    }

    private static let front = Curve([
        (5, -3), (8, -5.6), (11, -8.2), (15, -10.1), (20, -11.2), (26, -11.9), (32, -12.1), (40, -11.8),
    ])
    private static let back = Curve([
        (5, 5), (8, 7.3), (11, 9.3), (15, 11), (20, 11.8), (25, 11.8), (30, 11.1), (36, 9.8), (40, 9),
    ])

    /// Front and back of the body.
    func skin(_ y: Float) -> (front: Float, back: Float) {
        let fat = anatomy.fat
        let breast = anatomy.isFemale ? (1.6 + 2 * fat) * Self.breast(y) : 0
        return (Self.frontSkin(y) - 1.6 * fat - breast, Self.backSkin(y) + 1.2 * fat)
    }

    private static let breast = Curve([
        (15, 0), (19, 0.5), (23, 1.1), (26, 1.25), (28.5, 0.8), (30.5, 0.1), (32, 0),
    ])

    private static let frontSkin = Curve([
        (-2, -12.5), (1, -12), (4, -11), (7, -10), (10, -10.6), (14, -11.9), (19, -12.9), (25, -13.4), (32, -13.8),
        (40, -14.4),
    ])
    private static let backSkin = Curve([
        (-2, 15), (2, 14.6), (6, 13.6), (10, 13.2), (15, 13.9), (20, 14.3), (26, 14), (32, 13), (40, 12),
    ])

    /// The spine's middle line.
    func spine(_ y: Float) -> Float { Self.spineCurve(y) }

    private static let spineCurve = Curve([
        (-2, 2.2), (2, 3.2), (6, 5), (10, 6.8), (15, 8), (20, 8.4), (25, 8), (30, 7), (36, 5.8), (42, 5.2),
    ])

    /// The heart's front and back; nil above and below it.
    func heart(_ y: Float) -> (front: Float, back: Float)? {
        let top: Float = 15.6
        let bottom = max(domes.right, domes.left) + 2.6
        guard y > top, y < bottom else { return nil }
        let t = (y - top) / (bottom - top)
        let size = cardiothoracicRatio / 0.45
        let front = -4 - 6.4 * Self.frontHeart(t) * (0.8 + 0.2 * size)
        return (max(front, cavity(y)?.front ?? front), -4 + (6.2 * size - 0.4) * Self.backHeart(t))
    }

    private static let frontHeart = Curve([(0, -0.15), (0.25, 0.35), (0.5, 0.8), (0.75, 1.1), (1, 1.2)])
    private static let backHeart = Curve([
        (0, 0.8), (0.2, 0.92), (0.45, 1.04), (0.65, 1), (0.82, 0.83), (0.93, 0.66), (1, 0.6),
    ])

    /// The edge of one half of the diaphragm.
    func diaphragm(side: Float, _ x: Float) -> Float {
        let top = (side < 0 ? domes.right : domes.left) + 0.2
        let away = x + 3.2
        if away < 0 {
            let t = -away / 9
            return top + 2.1 * t * t
        }
        let t = away / 13
        return top + 6.2 * t * t * (0.7 + 0.3 * t)
    }

    /// Where lung ends at the back.
    func angle(side: Float) -> Point {
        let x: Float = 10
        return Point(x, diaphragm(side: side, x))
    }

    /// A place within the lungs: `across` 0 at the front to 1 at the back, `down` 0 at the tip to 1 at the base.
    func place(side: Float, across: Float, down: Float) -> Point {
        let y = 7 + 25 * down
        guard let cavity = cavity(y) else { return Point(0, y) }
        let x = cavity.front + (cavity.back - cavity.front) * across
        return Point(x, min(y, diaphragm(side: side, x)))
    }
}
