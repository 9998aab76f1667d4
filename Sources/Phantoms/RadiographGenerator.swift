import LightboxCore

/// Makes chest radiographs of patients who do not exist.
///
/// A projection by Beer and Lambert's law through shapes that are drawn from the seed: body, lungs, heart,
/// vessels, bones, then what ails the patient. The same seed gives the same pixels on every machine: only
/// operations are used that IEEE 754 rounds alike everywhere. The pictures teach how a pipeline works; they
/// are not made to study disease.
public struct RadiographGenerator: Sendable {
    public let seed: UInt64
    /// Height in pixels. A frontal picture is as wide; a lateral one is 13/16 of it.
    public let size: Int

    /// - Parameter size: 64 or more.
    public init(seed: UInt64, size: Int = 512) {
        precondition(size >= 64)
        self.seed = seed
        self.size = size
    }

    /// A patient with one to four studies.
    ///
    /// - Parameter number: from 1. Patients do not depend on one another.
    public func patient(_ number: Int) -> PhantomPatient {
        precondition(number > 0)
        var draw = Draw(seed: seed, stream: "patient \(number)")
        let isFemale = draw.chance(0.48)
        let age = Int(draw.normal(58, 17, in: 19...92))
        let anatomy = Anatomy(isFemale: isFemale, age: age, &draw)
        let first = PhantomDate(ordinal: 2015 * 336 + draw.index(5 * 336))
        let birth = PhantomDate(ordinal: first.ordinal - age * 336 - draw.index(336))
        let digits = String(number)
        let name = Self.names[draw.index(Self.names.count)]
        return PhantomPatient(
            number: number, id: "LB-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits,
            name: "PHANTOM^" + name, sex: isFemale ? .female : .male, birthDate: birth,
            studies: studies(from: first, birth: birth, age: age, &draw), anatomy: anatomy)
    }

    /// A patient with one study that shows the given findings, each at a strength of up to 1; from 0.45 on they
    /// are clear. ``Finding/noFinding`` and findings of strength 0 are left out.
    public func patient(_ number: Int, showing findings: [Finding: Double]) -> PhantomPatient {
        let patient = patient(number)
        var draw = Draw(seed: seed, stream: "shown \(number)")
        var abnormalities: [Abnormality] = []
        for kind in Abnormality.Kind.allCases {
            let (side, shape) = (draw.side(), draw.next())
            guard let strength = findings[kind.finding], strength > 0 else { continue }
            abnormalities.append(
                Abnormality(kind: kind, side: side, strength: Float(min(1, strength)), shape: shape))
        }
        let first = patient.studies[0]
        let study = PhantomStudy(
            number: 1, date: first.date, time: first.time, age: first.age, views: ProjectionView.allCases,
            labels: LabelSet(reporting: abnormalities, &draw), abnormalities: abnormalities, shape: first.shape)
        return PhantomPatient(
            number: number, id: patient.id, name: patient.name, sex: patient.sex, birthDate: patient.birthDate,
            studies: [study], anatomy: patient.anatomy)
    }

    private func studies(from first: PhantomDate, birth: PhantomDate, age: Int, _ draw: inout Draw)
        -> [PhantomStudy]
    {
        var plan = CasePlan(isElderly: age > 60, &draw)
        var date = first
        let count = 1 + draw.weighted([0.3, 0.35, 0.2, 0.15])
        return (1...count).map { number in
            if number > 1 {
                plan.advance(&draw)
                date = PhantomDate(ordinal: date.ordinal + 1 + draw.index(plan.isBedside ? 6 : 250))
            }
            let upright: [ProjectionView] = draw.chance(0.7) ? [.posteroanterior, .lateral] : [.posteroanterior]
            let views = plan.isBedside ? [.anteroposterior] : upright
            return PhantomStudy(
                number: number, date: date, time: 25_200 + draw.index(43_200),
                age: (date.ordinal - birth.ordinal) / 336,
                views: views, labels: LabelSet(reporting: plan.abnormalities, &draw),
                abnormalities: plan.abnormalities, shape: draw.next())
        }
    }

    /// Minerals: nobody's names.
    private static let names = [
        "AGATE", "AMBER", "BASALT", "BERYL", "BORAX", "CALCITE", "CHALK", "COBALT", "CORUNDUM", "DOLOMITE",
        "FELDSPAR",
        "FLINT", "FLUORITE", "GABBRO", "GALENA", "GARNET", "GNEISS", "GRANITE", "GYPSUM", "HALITE", "JASPER",
        "KAOLIN",
        "LIMESTONE", "MALACHITE", "MARBLE", "MICA", "OBSIDIAN", "OLIVINE", "ONYX", "OPAL", "PUMICE", "PYRITE",
        "QUARTZ",
        "RHYOLITE", "SANDSTONE", "SCHIST", "SLATE", "SPINEL", "TALC", "TOPAZ", "TUFF", "ZIRCON",
    ]

    /// One picture of a study.
    ///
    /// - Parameter view: one of the study's own, or another one for an imagined picture.
    public func radiograph(of patient: PhantomPatient, study: PhantomStudy, view: ProjectionView) -> Radiograph {
        var draw = Draw(seed: study.shape, stream: view.rawValue)
        var positioning = Positioning(isAnteroposterior: view == .anteroposterior, &draw)
        // The automatic exposure lets more through where the body is thicker.
        if !view.isFrontal { positioning.photons *= 4 }
        let projection =
            view.isFrontal
            ? FrontalView(patient.anatomy, positioning, study.abnormalities, size: size).projection()
            : LateralView(patient.anatomy, positioning, study.abnormalities, size: size).projection()
        if !view.isFrontal || draw.chance(0.9) {
            SideMarker(letter: "L", isFrontal: view.isFrontal).draw(on: projection)
        }
        let pixels = Detector(positioning: positioning, darkest: view.isFrontal ? 0.012 : 0.09).stored(
            projection, &draw)
        return Radiograph(
            patient: patient, study: study, view: view, columns: projection.canvas.width,
            rows: projection.canvas.height, spacingMillimetres: Double(projection.canvas.centimetresPerPixel) * 10,
            values: pixels, identity: Identity(seed: seed, patient: patient, study: study, view: view))
    }
}
