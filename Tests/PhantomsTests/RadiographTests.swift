import DICOM
import LightboxCore
import Phantoms
import Testing

@Suite("Radiograph generator") struct RadiographGeneratorTests {
    static let generator = RadiographGenerator(seed: 11, size: 256)

    static func picture(
        _ number: Int = 3, _ findings: [Finding: Double] = [:], view: ProjectionView = .posteroanterior
    ) -> Radiograph {
        let patient = generator.patient(number, showing: findings)
        return generator.radiograph(of: patient, study: patient.studies[0], view: view)
    }

    @Test(
        "The same seed gives the same pixels on every machine",
        arguments: [
            (ProjectionView.posteroanterior, "5ff9f0354e8eaf504cc30b1c4b78c2e3d04901e44c0e66f57bdce57704899c11"),
            (.lateral, "335c5e4a377201ec9728d8afeb7816056c1c919141c2c8ecc3ad35818058382b"),
        ])
    func storedHash(view: ProjectionView, hash: String) {
        let picture = Self.picture(5, [.pleuralEffusion: 0.8, .edema: 0.6, .supportDevices: 0.7], view: view)
        #expect(picture.values.withUnsafeBytes { ContentHash(of: $0) }.description == hash)
        #expect(picture.values.max()! <= 4095)
    }

    @Test("Another seed gives another patient and picture") func otherSeed() {
        let other = RadiographGenerator(seed: 12, size: 256)
        let patient = other.patient(3)
        #expect(
            other.radiograph(of: patient, study: patient.studies[0], view: .posteroanterior).values
                != Self.picture().values)
    }

    @Test("Lungs are dark, the mediastinum and the abdomen bright", arguments: 1...8)
    func anatomy(number: Int) {
        let picture = Self.picture(number)
        let lungs = [picture.mean(x: 0.2...0.3, y: 0.35...0.55), picture.mean(x: 0.7...0.8, y: 0.35...0.55)]
        let mediastinum = picture.mean(x: 0.47...0.53, y: 0.4...0.6)
        let abdomen = picture.mean(x: 0.35...0.65, y: 0.9...0.97)
        for lung in lungs {
            #expect(mediastinum > lung + 900)
            #expect(abdomen > lung + 700)
        }
    }

    @Test(
        "The heart is as wide as asked, in the median of measured films",
        arguments: [(0.0, 0.34...0.47), (0.5, 0.54...0.67), (1.0, 0.63...0.77)])
    func cardiothoracicRatio(strength: Double, expected: ClosedRange<Double>) {
        let ratios = (1...7).map { Self.picture($0, [.cardiomegaly: strength]).cardiothoracicRatio }.sorted()
        #expect(expected.contains(ratios[3]), "\(ratios)")
    }

    @Test(
        "A finding changes the picture where it belongs, and a stronger one more",
        arguments: [
            (Finding.pleuralEffusion, 0.05...0.95, 0.6...0.9, 1.0), (.edema, 0.1...0.9, 0.2...0.75, 1.0),
            (.consolidation, 0.1...0.9, 0.2...0.8, 1.0), (.pneumonia, 0.1...0.9, 0.3...0.85, 1.0),
            (.airspaceOpacity, 0.1...0.9, 0.2...0.8, 1.0), (.lungLesion, 0.1...0.9, 0.15...0.85, 1.0),
            (.atelectasis, 0.1...0.9, 0.5...0.9, 1.0), (.pneumothorax, 0.1...0.9, 0.1...0.6, -1.0),
            (.pleuralOther, 0.05...0.95, 0.2...0.85, 1.0), (.supportDevices, 0.1...0.9, 0.05...0.95, 1.0),
            (.enlargedCardiomediastinum, 0.35...0.65, 0.2...0.45, 1.0),
        ])
    func visible(finding: Finding, x: ClosedRange<Double>, y: ClosedRange<Double>, sign: Double) {
        for number in 1...3 {
            let normal = Self.picture(number)
            let weak = normal.change(to: Self.picture(number, [finding: 0.5]), x: x, y: y, sign: sign)
            let strong = normal.change(to: Self.picture(number, [finding: 1]), x: x, y: y, sign: sign)
            // Thousandths of the display's range, averaged over the region.
            #expect(weak > 1, "patient \(number): \(weak)")
            #expect(strong > weak, "patient \(number): \(strong) after \(weak)")
        }
    }

    @Test("A broken rib changes the bones") func fracture() {
        let normal = Self.picture(2)
        let broken = Self.picture(2, [.fracture: 1])
        let different = zip(normal.values, broken.values).count { abs(Int($0) - Int($1)) > 250 }
        #expect(different > 60)
    }
}

@Suite("Phantom labels") struct PhantomLabelTests {
    @Test("States are consistent in a thousand patients") func consistency() {
        let generator = RadiographGenerator(seed: 99)
        var seen: Set<LabelState> = []
        for number in 1...1000 {
            for study in generator.patient(number).studies {
                let labels = study.labels
                seen.formUnion(labels.values)
                for finding in Finding.allCases {
                    guard let parent = finding.parent, labels[finding].rawValue >= 2 else { continue }
                    #expect(labels[parent].rawValue >= labels[finding].rawValue)
                }
                let others = Finding.allCases.filter { $0 != .noFinding }
                #expect((labels[.noFinding] == .positive) == others.allSatisfy { labels[$0].rawValue < 2 })
            }
        }
        #expect(seen == Set(LabelState.allCases))
    }

    @Test("What is shown clearly is reported, and what is absent is not") func truth() {
        let generator = RadiographGenerator(seed: 4)
        for finding in Finding.allCases where finding != .noFinding {
            let shown = (1...100).map { generator.patient($0, showing: [finding: 0.8]).studies[0].labels }
            #expect(shown.count { $0[finding] == .positive } >= 85)
            #expect(shown.allSatisfy { $0[.noFinding] != .positive })
            let borderline = (1...100).map { generator.patient($0, showing: [finding: 0.15]).studies[0].labels }
            #expect((60...95).contains(borderline.count { $0[finding] == .uncertain }))
        }
        let well = (1...200).map { generator.patient($0, showing: [:]).studies[0].labels }
        #expect(well.count { $0[.noFinding] == .positive } > 160)
    }

    @Test("Patients have one to four studies in the order of time, with plausible ages") func studies() {
        let generator = RadiographGenerator(seed: 5)
        for number in 1...300 {
            let patient = generator.patient(number)
            #expect((1...4).contains(patient.studies.count))
            #expect(zip(patient.studies, patient.studies.dropFirst()).allSatisfy { $0.date < $1.date })
            #expect(patient.studies.allSatisfy { (18...98).contains($0.age) && patient.birthDate < $0.date })
            #expect(patient.name.hasPrefix("PHANTOM^") && patient.id.hasPrefix("LB-"))
        }
    }
}

extension Radiograph {
    /// The mean value of a part of the picture, given in fractions of its width and height.
    func mean(x: ClosedRange<Double>, y: ClosedRange<Double>) -> Double {
        var (sum, count) = (0, 0)
        for row in Int(y.lowerBound * Double(rows))...Int(y.upperBound * Double(rows - 1)) {
            for column in Int(x.lowerBound * Double(columns))...Int(x.upperBound * Double(columns - 1)) {
                sum += Int(values[row * columns + column])
                count += 1
            }
        }
        return Double(sum) / Double(count)
    }

    /// How much brighter (sign 1) or darker (-1) another picture is in a region, in thousandths; the other
    /// direction does not count against it, since the display's range adapts to each picture.
    func change(to other: Radiograph, x: ClosedRange<Double>, y: ClosedRange<Double>, sign: Double) -> Double {
        var (sum, count) = (0.0, 0)
        for row in Int(y.lowerBound * Double(rows))...Int(y.upperBound * Double(rows - 1)) {
            for column in Int(x.lowerBound * Double(columns))...Int(x.upperBound * Double(columns - 1)) {
                let index = row * columns + column
                let difference = sign * (Double(other.values[index]) - Double(values[index]))
                if difference > 150 { sum += difference }
                count += 1
            }
        }
        return sum / Double(count) / 4.095
    }

    /// The heart's widest extents to both sides over the chest's inner width, measured as a reader would: by
    /// the steepest edges between bright and dark, above the diaphragm.
    var cardiothoracicRatio: Double {
        var (heartLeft, heartRight) = (columns, 0)
        var (chestLeft, chestRight) = (columns, 0)
        for row in rows * 50 / 100..<rows * 75 / 100 {
            let line = smoothed(row)
            // Lungs on both sides, dark against the middle: not yet the diaphragm.
            let middle = line[columns * 48 / 100..<columns * 52 / 100].max()!
            guard middle - line[columns * 27 / 100] > 700, middle - line[columns * 82 / 100] > 700 else {
                continue
            }
            let edges = (
                steepest(line, columns * 25 / 100..<columns * 46 / 100, 1),
                steepest(line, columns * 54 / 100..<columns * 85 / 100, -1)
            )
            (heartLeft, heartRight) = (min(heartLeft, edges.0), max(heartRight, edges.1))
            chestLeft = min(chestLeft, steepest(line, columns * 6 / 100..<columns * 25 / 100, -1))
            chestRight = max(chestRight, steepest(line, columns * 78 / 100..<columns * 95 / 100, 1))
        }
        return Double(heartRight - heartLeft) / Double(chestRight - chestLeft)
    }

    private func smoothed(_ row: Int) -> [Int] {
        (0..<columns).map { column in
            (-6...6).reduce(0) { $0 + Int(values[(row + $1) * columns + column]) } / 13
        }
    }

    /// Where the line rises (sign 1) or falls most to the right.
    private func steepest(_ line: [Int], _ range: Range<Int>, _ sign: Int) -> Int {
        range.max { sign * (line[$0 + 3] - line[$0 - 3]) < sign * (line[$1 + 3] - line[$1 - 3]) }!
    }
}
