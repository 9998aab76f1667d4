import Datasets
import Foundation
import Imaging
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("Batches") struct BatchLoaderTests {
    /// Twenty pictures in three shards, kept while the tests run.
    private func withRecords<Result>(_ count: Int = 20, _ body: (LabelledDataset) throws -> Result) throws
        -> Result
    {
        try withTemporaryFolder { folder in
            try body(LabelledDataset.records(writeRecords(count, shards: 3, to: folder), labels: .chexpert14))
        }
    }

    private static let changes: Augmentation = {
        var changes = Augmentation.chestFilm
        changes.flip = true
        return changes
    }()

    private func settings(_ batchSize: Int, threads: Int = 2) -> BatchSettings {
        var settings = BatchSettings.training(batchSize: batchSize, seed: 7)
        settings.augmentation = Self.changes
        settings.threads = threads
        return settings
    }

    private func batches(_ set: LabelledDataset, _ settings: BatchSettings, epoch: Int, from: Int = 0) throws
        -> [Batch]
    {
        let loader = try BatchLoader(set, preprocessing: small, settings: settings)
        loader.begin(epoch: epoch)
        loader.skip(to: from)
        return try loader.rest()
    }

    private static let orders: [BatchSettings.Order] = [.shuffled, .buffered(6), .sequential]

    @Test("The number of threads changes nothing; every epoch has another order", arguments: orders)
    func deterministic(order: BatchSettings.Order) throws {
        try withRecords { set in
            var one = settings(3, threads: 1)
            var many = settings(3, threads: 5)
            (one.order, many.order, many.prefetch) = (order, order, 1)
            let (first, second) = (try batches(set, one, epoch: 2), try batches(set, many, epoch: 2))
            #expect(first.count == 6 && first.map(\.images) == second.map(\.images))
            #expect(first.map(\.indices) == second.map(\.indices))
            let other = try batches(set, one, epoch: 3)
            #expect((other.map(\.indices) == first.map(\.indices)) == (order == .sequential))
            #expect(other[0].images != first[0].images)
            #expect(Set(first.flatMap(\.indices)).count == 18)
        }
    }

    @Test("From any batch on, the batches are those of the whole epoch", arguments: orders)
    func resume(order: BatchSettings.Order) throws {
        try withRecords { set in
            var settings = settings(3)
            settings.order = order
            let whole = try batches(set, settings, epoch: 5)
            for start in 0...6 {
                let rest = try batches(set, settings, epoch: 5, from: start)
                #expect(rest.map(\.images) == whole[start...].map(\.images))
                #expect(rest.map(\.keys) == whole[start...].map(\.keys))
            }
        }
    }

    @Test("The parts of several processes are the batches of one, in order", arguments: [2, 3])
    func ranks(processes: Int) throws {
        try withRecords(25) { set in
            for drops in [true, false] {
                var whole = settings(2 * processes)
                whole.dropsRemainder = drops
                let expected = try batches(set, whole, epoch: 1)
                let parts = try (0..<processes).map { rank in
                    var part = settings(2)
                    (part.rank, part.processes, part.dropsRemainder) = (rank, processes, drops)
                    return try batches(set, part, epoch: 1)
                }
                for number in expected.indices {
                    let together = parts.compactMap { number < $0.count ? $0[number] : nil }
                    #expect(together.flatMap(\.indices) == expected[number].indices)
                    #expect(together.flatMap(\.images.values) == expected[number].images.values)
                    #expect(together.flatMap(\.states) == expected[number].states)
                }
            }
        }
    }

    @Test(
        "No two processes decode the same record: together they read each once an epoch",
        arguments: [BatchSettings.Order.shuffled, .sequential, .buffered(6)])
    func sharedReading(order: BatchSettings.Order) throws {
        // 23 records: the last batch of 2 × 3 is short, and one of the processes may have no part in it.
        try withRecords(23) { set in
            for epoch in 0..<3 {
                for drops in [true, false] {
                    let perRank = try (0..<3).map { rank in
                        let decoded = Mutex<[ContentHash]>([])
                        var part = settings(2)
                        (part.rank, part.processes, part.dropsRemainder, part.order) = (rank, 3, drops, order)
                        let loader = try BatchLoader(set, preprocessing: small, settings: part) {
                            bytes, channels in
                            decoded.withLock { $0.append(bytes.withUnsafeBytes { ContentHash(of: $0) }) }
                            return try ImageFile.decode(bytes, channels: channels)
                        }
                        loader.begin(epoch: epoch)
                        let given = try loader.rest().flatMap(\.indices)
                        #expect(given.count == decoded.withLock { $0.count })
                        return decoded.withLock { $0 }
                    }
                    let all = perRank.joined()
                    #expect(Set(all).count == all.count)
                    #expect(all.count == (drops ? 18 : 23))
                    #expect(perRank.map(\.count).max()! - perRank.map(\.count).min()! <= 1)
                }
            }
        }
    }

    @Test("A shuffle buffer gives every sample once, and mixes only so far") func buffer() throws {
        try withRecords(200) { set in
            var settings = settings(200)
            settings.order = .buffered(10)
            let order = try batches(set, settings, epoch: 0)[0].indices
            #expect(order.sorted() == Array(0..<200) && order != Array(0..<200))
            // Three shards side by side: the first thirty come from the first dozen of each.
            let early = order.prefix(30).map { $0 % 67 }
            #expect(early.allSatisfy { $0 < 16 }, "\(early)")
        }
    }

    @Test("Damaged samples are replaced by the next of the order, the same in any process") func replaced() throws
    {
        try withTemporaryFolder { folder in
            var rows = ""
            for number in 0..<12 {
                let bytes = number % 4 == 1 ? Array("no picture".utf8) : PNG.encode(picture(number))
                try write(bytes, "\(folder)/\(number).png")
                rows += "\(number).png,\(number % 2)\n"
            }
            try write(rows, folder + "/l.csv")
            let set = try LabelledDataset.imageTable(folder + "/l.csv")
            var settings = BatchSettings.training(batchSize: 4, seed: 1)
            settings.order = .sequential
            let loader = try BatchLoader(set, preprocessing: small, settings: settings)
            #expect(try loader.rest().map(\.indices) == [[0, 2, 2, 3], [4, 6, 6, 7], [8, 10, 10, 11]])
            #expect(loader.problems.map(\.source) == [1, 5, 9].map { "\(folder)/\($0).png" })
            #expect(loader.problems[0].reason.contains("Only PNG and JPEG"))
            settings.order = .shuffled
            let whole = try batches(set, settings, epoch: 0)
            var part = settings
            (part.batchSize, part.processes, part.rank) = (2, 2, 1)
            #expect(try batches(set, part, epoch: 0).map { $0.indices } == whole.map { Array($0.indices[2...]) })
        }
    }

    @Test("When no image can be read, it says so instead of running for ever") func nothing() throws {
        try withTemporaryFolder { folder in
            try write("x", folder + "/a.png")
            try write("a.png,0\n", folder + "/l.csv")
            let set = try LabelledDataset.imageTable(folder + "/l.csv")
            let loader = try BatchLoader(set, preprocessing: small, settings: .training(batchSize: 1, seed: 1))
            #expect(failure { try loader.next() }?.code == .unreadable)
            #expect(failure { try loader.next() }?.code == .unreadable)
            let evaluation = try BatchLoader(set, preprocessing: small, settings: .evaluation(batchSize: 1))
            #expect(try evaluation.next() == nil && evaluation.problems.count == 1)
            let large = failure {
                try BatchLoader(set, preprocessing: small, settings: .training(batchSize: 2, seed: 1))
            }
            #expect(large?.code == .empty && large?.remedy.contains("smaller batch") == true)
        }
    }

    @Test("Balanced sampling draws every class equally often, rare ones with changes of their own") func balanced()
        throws
    {
        try withTemporaryFolder { folder in
            try write(PNG.encode(picture(1)), folder + "/a.png")
            let rows = (0..<100).map { "a.png,\($0 < 90 ? "common" : "rare")\n" }.joined()
            try write(rows, folder + "/l.csv")
            let set = try LabelledDataset.imageTable(folder + "/l.csv")
            var settings = settings(100)
            settings.sampling = .balanced
            let batch = try batches(set, settings, epoch: 0)[0]
            #expect(batch.classes.filter { $0 == 1 }.count == 50)
            let rare = batch.indices.indices.filter { batch.indices[$0] == 95 }
            #expect(rare.count == 5)
            let pictures = rare.map { Array(batch.images.values[($0 * small.count)..<(($0 + 1) * small.count)]) }
            #expect(Set(pictures).count == 5)
            #expect(try batches(set, settings, epoch: 0)[0].images == batch.images)
        }
    }

    @Test("Balanced states: the positives of a finding come up as often as those of another") func balancedStates()
        throws
    {
        try withTemporaryFolder { folder in
            try write(PNG.encode(picture(1)), folder + "/a.png")
            let cells = (0..<120).map { $0 < 100 ? "a.png,0,0" : $0 < 116 ? "a.png,1,0" : "a.png,0,1" }
            try write("path,edema,fracture\n" + cells.joined(separator: "\n") + "\n", folder + "/l.csv")
            let labels = try LabelSet(name: "two", kind: .states, names: ["edema", "fracture"])
            let set = try LabelledDataset.imageTable(folder + "/l.csv", labels: labels)
            var settings = settings(120)
            settings.sampling = .balanced
            let states = try batches(set, settings, epoch: 0)[0].states
            for label in 0..<2 { #expect(states.filter { $0[label] == .positive }.count == 40) }
        }
    }

    @Test("A reader of other kinds of file can be given") func decoder() throws {
        try withTemporaryFolder { folder in
            for name in ["a.xyz", "b.xyz"] { try write([7, 9], "\(folder)/\(name)") }
            try write("a.xyz,0\nb.xyz,1\n", folder + "/l.csv")
            let set = try LabelledDataset.imageTable(folder + "/l.csv")
            let loader = try BatchLoader(set, preprocessing: small, settings: .evaluation(batchSize: 2)) {
                bytes, _ in
                Image(width: 1, height: 1, channels: 1, samples: .uint8([bytes[1]]))
            }
            let batch = try #require(try loader.next())
            #expect(batch.images.values.allSatisfy { $0 == 9 / 255 })
        }
    }
}

@Suite("Random changes of pictures") struct AugmentationTests {
    private func draw(_ augmentation: Augmentation, epoch: Int = 0, index: Int, copy: Int = 0) -> Augmentation.Draw
    {
        augmentation.draw(seed: 5, epoch: epoch, index: index, copy: copy, height: 32, width: 40)
    }

    @Test("The default changes nothing, and no film is mirrored unasked") func identity() {
        #expect(Augmentation.none.isIdentity && draw(.none, index: 3) == Augmentation.Draw())
        for index in 0..<200 {
            #expect(draw(.chestFilm, index: index).warp.columnByColumn > 0)
        }
    }

    @Test("Depends on seed, epoch, index and copy, and on nothing else") func deterministic() {
        let one = draw(.chestFilm, epoch: 2, index: 9)
        #expect(draw(.chestFilm, epoch: 2, index: 9) == one)
        #expect(draw(.chestFilm, epoch: 3, index: 9) != one && draw(.chestFilm, epoch: 2, index: 10) != one)
        #expect(draw(.chestFilm, epoch: 2, index: 9, copy: 1) != one)
    }

    @Test("Stays within its limits, and reaches near them") func limits() {
        var augmentation = Augmentation()
        (augmentation.brightness, augmentation.contrast, augmentation.flip) = (0.1, 0.2, true)
        let draws = (0..<1000).map { draw(augmentation, index: $0) }
        let brightness = draws.map(\.tone.brightness)
        #expect(brightness.max()! <= 25.5 && brightness.max()! > 25 && brightness.min()! >= -25.5)
        let contrast = draws.map(\.tone.contrast)
        #expect(contrast.max()! <= 1.2 && contrast.min()! >= 0.8 && contrast.min()! < 0.805)
        let mirrored = draws.filter { $0.warp.columnByColumn < 0 }.count
        #expect((430...570).contains(mirrored))
    }

    @Test("One setting does not change what another draws") func independent() {
        var more = Augmentation.chestFilm
        more.brightness = 0
        for index in 0..<20 { #expect(draw(more, index: index).warp == draw(.chestFilm, index: index).warp) }
    }

    @Test("Settings that no picture survives are refused") func refused() {
        var augmentation = Augmentation()
        augmentation.zoom = 1
        #expect(failure { try augmentation.check() }?.remedy.contains("zoom") == true)
        augmentation.zoom = .nan
        #expect(failure { try augmentation.check() } != nil)
    }
}
