/// What is particular to one patient's body, in all of his pictures.
struct Anatomy: Sendable {
    var isFemale: Bool
    var age: Float
    /// 0 thin, 0.5 usual, 1 stout.
    var fat: Float
    /// Over the standard body.
    var scaleX: Float
    var scaleY: Float
    /// Lung width over the standard's.
    var lungWidth: Float
    /// Widest extent of the heart over the chest's inner width, without heart disease.
    var cardiothoracicRatio: Float
    /// Diaphragm above the standard's, in centimetres, right and left.
    var diaphragm: (right: Float, left: Float)
    /// Sideways bend of the spine, in centimetres.
    var scoliosis: Float
    /// Bone over the standard's.
    var boneDensity: Float
    /// Between neighbouring ribs, in centimetres.
    var ribSpacing: Float
    /// The aortic arch beyond the standard's, in centimetres.
    var aorta: Float
    var shape: UInt64

    init(isFemale: Bool, age: Int, _ draw: inout Draw) {
        let years = Float(age)
        self.isFemale = isFemale
        self.age = years
        fat = draw.normal(0.45, 0.22, in: 0...1)
        scaleX = (isFemale ? 0.94 : 1) * draw.normal(1, 0.03, in: 0.93...1.06)
        scaleY = (isFemale ? 0.95 : 1) * draw.normal(1, 0.03, in: 0.93...1.05)
        lungWidth = draw.normal(1, 0.03, in: 0.94...1.05)
        cardiothoracicRatio = draw.normal(0.44 + 0.0004 * (years - 50), 0.018, in: 0.4...0.485)
        let base = draw.normal(0, 0.6, in: -1.3...1.3) - 1.2 * (fat - 0.45)
        diaphragm = (-base, -base + draw.within(-0.4, 0.4))
        scoliosis = draw.normal(0, 0.5, in: -1.3...1.3)
        boneDensity = draw.normal(1.1 - 0.004 * positive(years - 50), 0.08, in: 0.75...1.3)
        ribSpacing = draw.normal(2.45, 0.07, in: 2.3...2.6)
        aorta = draw.normal(0.012 * (years - 45), 0.2, in: -0.3...0.9)
        shape = draw.next()
    }
}

/// What differs from exposure to exposure.
struct Positioning {
    /// Whether the rays come from the front, the patient in bed: the heart looks larger, the shoulder blades
    /// lie over the lungs, the breath is shallower.
    var isAnteroposterior: Bool
    /// Diaphragm above full inspiration, in centimetres.
    var shallowBreath: Float
    /// The axis on the detector away from its middle, in centimetres.
    var offset: Point
    var lean: Float
    /// Beyond the collimator's edges everything is black: left, top, right, bottom, in centimetres.
    var collimation: (Float, Float, Float, Float)
    /// Photons per pixel behind no patient.
    var photons: Float

    init(isAnteroposterior: Bool, _ draw: inout Draw) {
        self.isAnteroposterior = isAnteroposterior
        shallowBreath = isAnteroposterior ? draw.within(0.4, 2) : draw.within(-0.3, 0.6)
        offset = Point(draw.normal(0, 0.5, in: -1.2...1.2), draw.normal(0, 0.5, in: -1.1...1.1))
        lean = draw.normal(0, isAnteroposterior ? 0.025 : 0.012, in: -0.06...0.06)
        let edge = draw.chance(0.6) ? Float(1) : 0
        collimation = (
            edge * draw.within(0, 0.9), edge * draw.within(0, 0.6), edge * draw.within(0, 0.9),
            edge * draw.within(0, 0.8)
        )
        photons = draw.within(5000, 14000)
    }
}
