import Datasets
import Foundation
import Imaging
import LightboxCore
import TestSupport
import Testing

/// A picture of `make_hash_reference.py`.
private func pattern(_ height: Int, _ width: Int, _ kind: Int) -> Image {
    var samples: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            samples.append(UInt8((x * x * (3 + kind) + y * y * 5 + x * y * 7 * kind) / 64 % 256))
        }
    }
    return Image(width: width, height: height, channels: 1, samples: .uint8(samples))
}

@Suite("Perceptual hashes") struct PerceptualHashTests {
    private struct Stored: Decodable {
        let height, width, kind: Int
        let bits, detail: String
    }

    @Test("Equal numpy and scipy's cosine transform") func reference() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: TestSupport.reference("datasets/hashes.json")))
        for one in try JSONDecoder().decode([Stored].self, from: data) {
            let hash = PerceptualHash(pattern(one.height, one.width, one.kind))
            let words = [one.bits] + (0..<3).map { String(one.detail.dropFirst(64 * $0).prefix(64)) }
            let numbers = words.map { UInt64($0, radix: 2)! }
            let expected = PerceptualHash(bits: numbers[0], detail: Array(numbers[1...]))
            // A coefficient that equals the median but for rounding may fall either way.
            #expect(hash.distance(to: expected) <= 1, "\(one.height) × \(one.width)")
            #expect(hash.detailDistance(to: expected) <= 1, "\(one.height) × \(one.width)")
        }
    }

    @Test("Hardly change when a picture is made smaller, recompressed or brighter; others are far") func robust()
        throws
    {
        let spots = BrightSpots(seed: 8, count: 40, height: 96, width: 96)
        let hashes = (0..<40).map { PerceptualHash(spots.pair($0).image) }
        for number in 0..<40 {
            let image = spots.pair(number).image
            let smaller = PerceptualHash(image.resized(height: 70, width: 70))
            let pressed = PerceptualHash(try JPEG.decode(Bytes(JPEG.encode(image, quality: 60))))
            #expect(hashes[number].distance(to: smaller) <= 8 && hashes[number].distance(to: pressed) <= 4)
            for other in 0..<number { #expect(hashes[number].distance(to: hashes[other]) > 8) }
        }
    }
}

@Suite("Leakage between splits") struct LeakageTests {
    private func dataset(_ rows: [(image: Image, patient: String, split: String)], _ folder: String) throws
        -> LabelledDataset
    {
        var text = "path,label,patient,split\n"
        for (number, row) in rows.enumerated() {
            try write(PNG.encode(row.image), "\(folder)/\(number).png")
            text += "\(number).png,x,\(row.patient),\(row.split)\n"
        }
        try write(text, folder + "/l.csv")
        return try LabelledDataset.imageTable(folder + "/l.csv")
    }

    @Test("A patient on both sides is refused without being named") func patients() throws {
        try withTemporaryFolder { folder in
            let names = ["Anna-4711", "Bert-0815", "Cleo-1234"]
            let set = try dataset(
                (0..<9).map { (picture($0), names[$0 % 3], $0 < 6 || $0 % 3 == 2 ? "train" : "test") }, folder)
            let report = LeakageCheck().identifiers(set)
            #expect(report.patients.count == 2 && report.patients[0].splits == [.train, .test])
            #expect(report.patients[0].count == 3 && report.withoutPatient == 0)
            #expect(report.patients[0].digest == ContentHash(of: names[0].utf8).description.prefix(8))
            let error = try #require(failure { try report.refuseShared() })
            #expect(error.code == .leakage && error.description.contains("2 patients"))
            for name in names { #expect(!error.description.contains(name.prefix(4))) }
            let clean = try set.split(SplitChoice(validation: 0.3))
            #expect(LeakageCheck().identifiers(clean).patients.isEmpty)
            try LeakageCheck().identifiers(clean).refuseShared()
        }
    }

    @Test("Pictures that look the same are found across splits, and only there") func nearDuplicates() throws {
        try withTemporaryFolder { folder in
            let spots = BrightSpots(seed: 2, count: 12, height: 64, width: 64)
            var rows = (0..<12).map { (spots.pair($0).image, "p\($0)", $0 < 8 ? "train" : "valid") }
            let brighter = spots.pair(3).image.eightBitSamples.map { UInt8(min(Int($0) + 6, 255)) }
            rows.append((Image(width: 64, height: 64, channels: 3, samples: .uint8(brighter)), "p13", "valid"))
            rows.append((spots.pair(1).image, "p14", "train"))
            rows.append((spots.pair(9).image, "p15", "train"))
            let set = try dataset(rows, folder)
            let report = try LeakageCheck().run(set)
            #expect(
                report.nearDuplicates.map { [$0.first, $0.second] }.sorted { $0[0] < $1[0] } == [
                    [3, 12], [9, 14],
                ])
            #expect(report.nearDuplicates[0].distance == 0 && report.hashed == 15 && report.problems.isEmpty)
            try report.refuseShared()
        }
    }

    @Test(
        "The radiographs: none of the children's films is near another child's across a split",
        .enabled(if: testData("chest-xrays") != nil, "needs the real data folder, see LIGHTBOX_TEST_DATA"))
    func radiographs() throws {
        let columns = try TableColumns(columns: "label=finding", only: "finding=normal")
        let set = try LabelledDataset.imageTable(testData("chest-xrays/metadata.csv")!, columns: columns)
        let report = try LeakageCheck().run(set.split(SplitChoice(validation: 0.5)))
        #expect(report.hashed == 55 && report.nearDuplicates.isEmpty)
    }
}

@Suite("Splitting by patient") struct SplitChoiceTests {
    @Test(
        "No patient on two sides, and rare findings have their share everywhere", arguments: [1, 2, 3] as [UInt64])
    func states(seed: UInt64) throws {
        try withTemporaryFolder { folder in
            try write(PNG.encode(picture(1)), folder + "/a.png")
            var random = SeededGenerator(seed: seed)
            var text = "path,patient,edema,fracture\n"
            for patient in 0..<400 {
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    text += "a.png,P\(patient),\(Int.random(in: 0...1, using: &random)),"
                    text += Int.random(in: 0..<20, using: &random) == 0 ? "1\n" : "0\n"
                }
            }
            try write(text, folder + "/l.csv")
            let labels = try LabelSet(name: "two", kind: .states, names: ["edema", "fracture"])
            let set = try LabelledDataset.imageTable(folder + "/l.csv", labels: labels)
            let choice = SplitChoice(validation: 0.2, test: 0.1, seed: seed)
            let split = try set.split(choice)
            #expect(LeakageCheck().identifiers(split).patients.isEmpty)
            #expect(split.splits == [.train, .valid, .test])
            for label in 0..<2 {
                let all = Double(set.stateCounts[label][3])
                #expect(abs(Double(split.only(.valid).stateCounts[label][3]) / all - 0.2) < 0.06)
                #expect(abs(Double(split.only(.test).stateCounts[label][3]) / all - 0.1) < 0.06)
            }
            #expect(try set.split(choice).fingerprint == split.fingerprint)
            #expect(split.fingerprint != set.fingerprint)
            #expect(failure { try set.split(SplitChoice(validation: 0.6, test: 0.5)) }?.code == .invalidValue)
        }
    }
}

@Suite("Finding hashes within a few bits") struct HashIndexTests {
    @Test("Finds what comparing all with all finds, each once", arguments: [0, 4, 7]) func bruteForce(
        distance: Int
    ) {
        var random = SeededGenerator(seed: 6)
        var hashes: [UInt64] = []
        for _ in 0..<150 {
            let one = random.next()
            hashes.append(one)
            for _ in 0..<6 {
                let flips = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    Int.random(in: 0..<64, using: &random)
                }
                hashes.append(flips.reduce(one) { $0 ^ 1 << UInt64($1) })
            }
        }
        let index = HashIndex(hashes)
        for hash in hashes {
            var found: [Int] = []
            index.forEach(near: hash, within: distance) { found.append($0) }
            #expect(found.sorted() == hashes.indices.filter { (hashes[$0] ^ hash).nonzeroBitCount <= distance })
        }
    }
}
