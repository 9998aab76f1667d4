import Datasets
import Foundation
import Imaging
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("Labelled records") struct RecordsTests {
    @Test("States, keys, patients and views of pictures in shards") func pictures() throws {
        try withTemporaryFolder { folder in
            try writeRecords(20, shards: 3, to: folder)
            let set = try DatasetSource(folder).read(labels: .chexpert14)
            #expect(set.count == 20 && set.content == .images)
            for number in 0..<20 {
                let sample = set[number]
                #expect(sample.states.map(\.rawValue) == (0..<14).map { ($0 + number) % 4 })
                #expect(sample.key.instance == "1.2.3.\(number)" && sample.study == "1.2.\(number / 2)")
                #expect(sample.patient == "\(number / 3)")
                #expect(sample.view == (number % 4 == 3 ? .lateral : .frontal))
            }
            let loader = try BatchLoader(set, preprocessing: small, settings: .evaluation(batchSize: 8))
            let batches = try loader.rest()
            #expect(batches.map(\.count) == [8, 8, 4])
            for number in 0..<20 {
                let batch = batches[number / 8]
                let start = number % 8 * small.count
                let expected = small.apply(to: picture(number)).values
                #expect(Array(batch.images.values[start..<(start + small.count)]) == expected)
                #expect(batch.states[number % 8] == set.states(of: number))
            }
            #expect(loader.bytesRead > 20 * 20 && loader.samplesRead == 20)
        }
    }

    @Test("A damaged record is left out of the batches; a damaged length ends its shard") func damage() throws {
        try withTemporaryFolder { folder in
            let path = try writeRecords(10, to: folder)[0]
            let index = try TFRecordIndex(path: path)
            var bytes = Bytes(try MappedFile(path: path)).array
            let picture = bytes[index.offsets[2]...].firstIndex(of: 0x89)!
            bytes[picture + 40] ^= 0xff
            bytes[index.offsets[8] - 10] ^= 1
            try write(bytes, path)
            let set = try LabelledDataset.records([path], labels: .chexpert14)
            #expect(set.count == 8 && set.report.damaged == 1)
            #expect(set.report.problems[0].source == "\(path)@\(index.offsets[8] - 12)")
            let loader = try BatchLoader(set, preprocessing: small, settings: .evaluation(batchSize: 3))
            let batches = try loader.rest()
            #expect(batches.flatMap(\.indices) == [0, 1, 3, 4, 5, 6, 7] && batches[0].images.shape[0] == 2)
            #expect(loader.problems.map(\.source) == ["\(path)@\(index.offsets[2] - 12)"])
            loader.begin(epoch: 1)
            _ = try loader.rest()
            #expect(loader.problems.count == 1)
        }
    }

    @Test("A label out of range, or a missing one, is an error with its place") func badLabels() throws {
        try withTemporaryFolder { folder in
            let labels = try LabelSet(name: "two", kind: .states, names: ["edema", "mass"])
            let path = try writeRecords(2, to: folder)[0]
            let missing = failure { try LabelledDataset.records([path], labels: labels) }
            #expect(missing?.code == .missingColumn && missing?.remedy.contains("mass") == true)
            let writer = try TFRecordWriter(path: path)
            let png = PNG.encode(picture(1))
            try writer.append(
                Example(["png_bytes": .bytes([png]), "edema": .ints([1]), "mass": .ints([4])]).serialized())
            try writer.finish()
            let range = failure { try LabelledDataset.records([path], labels: labels) }
            #expect(range?.code == .invalidValue && range?.place == "\(path)@0 feature mass")
        }
    }

    private func writeVectors(_ path: String, _ count: Int, _ label: (Int) -> Feature?) throws {
        let isGzip = path.hasSuffix(".gz")
        let writer = try TFRecordWriter(path: path, compression: isGzip ? .gzip : .none)
        for number in 0..<count {
            var example = Example(["embedding": .floats((0..<5).map { Float(number * 10 + $0) })])
            example["image_uri"] = .text("gs://b/\(number).jpg")
            example["label"] = label(number)
            try writer.append(example.serialized())
        }
        try writer.finish()
    }

    @Test("Vectors with an index, compressed or not; a record without a label has none", arguments: ["", ".gz"])
    func vectors(ending: String) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/train-00000-of-00001.tfrecord" + ending
            try writeVectors(path, 7) { $0 == 3 ? nil : .ints([Int64($0 % 2)]) }
            let labels = try LabelSet(name: "d", kind: .classes, names: ["hugs", "not-hugs"])
            let set = try LabelledDataset.records(matching: folder + "/train*", labels: labels)
            #expect(set.content == .vectors(count: 5) && set.count == 7)
            #expect((0..<7).map { set.classIndex(of: $0) } == [0, 1, 0, nil, 0, 1, 0])
            #expect(set.key(of: 2)["image_uri"] == "gs://b/2.jpg")
            let loader = try BatchLoader(set, preprocessing: nil, settings: .evaluation(batchSize: 4))
            let batches = try loader.rest()
            #expect(batches[1].images.shape == [3, 5] && batches[1].images.values[5..<8] == [50, 51, 52])
            #expect(batches[0].classes == [0, 1, 0, nil])
            let found = try LabelledDataset.records([path])
            #expect(found.labels.names == ["0", "1"])
        }
    }

    @Test("Vectors with the names of their classes, as lightbox embed writes them") func namedVectors() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/v.tfrecord"
            try writeVectors(path, 4) { .text($0 < 2 ? "daisy" : "dandelion") }
            let set = try LabelledDataset.records([path])
            #expect(set.labels.names == ["daisy", "dandelion"] && set.classCounts == [2, 2, 0])
            let other = try LabelSet(name: "o", kind: .classes, names: ["rose"])
            #expect(failure { try LabelledDataset.records([path], labels: other) }?.place == "\(path)@0")
            try writeVectors(path, 3) { .ints([Int64($0)]) }
            #expect(failure { try LabelledDataset.records([path], labels: other) }?.code == .invalidValue)
        }
    }

    @Test("Whatever the bytes, records are a data set or an error") func fuzz() throws {
        try withTemporaryFolder { folder in
            let path = try writeRecords(3, to: folder)[0]
            let original = Bytes(try MappedFile(path: path)).array
            var random = SeededGenerator(seed: 3)
            for _ in 0..<300 {
                var bytes = original
                for _ in 0..<3 {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] = UInt8.random(in: 0...255, using: &random)
                }
                try write(bytes, path)
                do {
                    let set = try LabelledDataset.records([path], labels: .chexpert14)
                    var settings = BatchSettings.evaluation(batchSize: 2)
                    settings.threads = 1
                    _ = try BatchLoader(set, preprocessing: small, settings: settings).rest()
                } catch { #expect(error is any Failure, "\(error)") }
            }
        }
    }
}

@Suite("Pictures with heat maps") struct HeatmapTests {
    @Test("Bright spots are the same for a seed, and their map is bright where they are") func brightSpots() {
        let spots = BrightSpots(seed: 3, count: 5, height: 64, width: 80)
        let (image, heatmap) = spots.pair(2)
        #expect(spots.pair(2) == (image, heatmap) && spots.pair(3).image != image)
        #expect((image.height, image.width, image.channels) == (64, 80, 3) && heatmap.channels == 1)
        #expect(BrightSpots(seed: 4, count: 5, height: 64, width: 80).pair(2).image != image)
        let (pixels, heat) = (image.eightBitSamples, heatmap.eightBitSamples)
        var sums = (bright: 0, dark: 0, brightCount: 0, darkCount: 0)
        for pixel in heat.indices {
            if heat[pixel] > 128 {
                sums.bright += Int(pixels[3 * pixel])
                sums.brightCount += 1
            } else if heat[pixel] == 0 {
                sums.dark += Int(pixels[3 * pixel])
                sums.darkCount += 1
            }
        }
        #expect(sums.bright / sums.brightCount > 50 + sums.dark / sums.darkCount)
    }

    @Test("Pairs in a folder and in a CSV are those that were made") func pairs() throws {
        try withTemporaryFolder { folder in
            let spots = BrightSpots(seed: 1, count: 6, height: 16, width: 16)
            _ = try spots.write(to: folder)
            try write(PNG.encode(picture(0)), folder + "/alone_heatmap.png")
            let set = try DatasetSource(folder).read()
            #expect(set.count == 6 && set.content == .heatmaps && set.report.missing == 1)
            try write(
                "image,heatmap,split\nspot00001.png,spot00001_heatmap.png,valid\nx.png,y.png,train\n",
                folder + "/pairs.csv")
            let table = try DatasetSource(folder + "/pairs.csv").read()
            #expect(table.count == 1 && table[0].split == .valid && table.report.missing == 1)
            let settings = Preprocessing(height: 16, width: 16, scaling: .zeroToOne)
            func batch(_ set: LabelledDataset) throws -> Batch {
                try #require(
                    try BatchLoader(set, preprocessing: settings, settings: .evaluation(batchSize: 6)).next())
            }
            let (read, made) = (try batch(set), try batch(.brightSpots(spots)))
            #expect(read.images == made.images && read.heatmaps == made.heatmaps)
            #expect(read.heatmaps?.shape == [6, 16, 16, 1])
            #expect(read.heatmaps!.values.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test("A heat map is turned with its picture") func together() throws {
        var settings = BatchSettings.evaluation(batchSize: 3)
        settings.augmentation.rotationDegrees = 20
        settings.augmentation.shift = 0.1
        settings.augmentation.flip = true
        let spots = BrightSpots(seed: 2, count: 3, height: 48, width: 48)
        let grey = Preprocessing(height: 48, width: 48, channels: 1, scaling: .zeroToOne)
        let loader = try BatchLoader(.brightSpots(spots), preprocessing: grey, settings: settings)
        let batch = try #require(try loader.next())
        let heat = batch.heatmaps!.values
        for sample in 0..<3 {
            let pixels = (0..<(48 * 48)).map { sample * 48 * 48 + $0 }
            let hot = pixels.filter { heat[$0] > 0.5 }.map { batch.images.values[$0] }
            let cold = pixels.filter { heat[$0] < 0.02 }.map { batch.images.values[$0] }
            #expect(!hot.isEmpty && hot.min()! > cold.reduce(0, +) / Float(cold.count) + 0.15)
        }
    }
}
