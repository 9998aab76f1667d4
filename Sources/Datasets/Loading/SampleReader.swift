import Imaging
public import LightboxCore
import WireFormats

/// Reads one sample into its place in a batch. Any thread may use it.
struct SampleReader: Sendable {
    let dataset: LabelledDataset
    /// nil for vectors.
    let preprocessing: Preprocessing?
    let augmentation: Augmentation
    let seed: UInt64
    /// nil for PNG and JPEG.
    let decoder: ImageDecoder?

    /// Floats of one sample, and of its heat map.
    var sampleCount: Int {
        if case .vectors(let count) = dataset.content { count } else { preprocessing!.count }
    }
    var heatmapCount: Int {
        dataset.content == .heatmaps ? preprocessing!.height * preprocessing!.width : 0
    }

    /// - Returns: bytes that were read.
    func read(
        _ index: Int, copy: Int, epoch: Int, into values: UnsafeMutableBufferPointer<Float>,
        heatmap: UnsafeMutableBufferPointer<Float>?
    ) throws -> Int {
        let row = dataset.row(index)
        guard let preprocessing else { return try readVector(row, into: values) }
        let draw = augmentation.draw(
            seed: seed, epoch: epoch, index: index, copy: copy, height: preprocessing.height,
            width: preprocessing.width)
        let picture = try picture(row, preprocessing.channels)
        preprocessing.apply(
            to: picture.image, warp: draw.warp, fill: augmentation.fill, tone: draw.tone, into: values)
        guard let heatmap else { return picture.bytes }
        var asTarget = preprocessing
        (asTarget.channels, asTarget.scaling) = (1, .zeroToOne)
        guard let target = picture.heatmap else { throw unreadable(row, "has no heat map") }
        asTarget.apply(to: target, warp: draw.warp, fill: .constant(0), into: heatmap)
        return picture.bytes
    }

    /// A sample's picture as it is stored.
    func image(_ index: Int, channels: Int) throws -> Image {
        try picture(dataset.row(index), channels).image
    }

    private func decode(_ bytes: Bytes, _ channels: Int) throws -> Image {
        try decoder?(bytes, channels) ?? ImageFile.decode(bytes, channels: channels)
    }

    private struct Picture {
        let image: Image
        var heatmap: Image?
        let bytes: Int
    }

    private func picture(_ row: Int, _ channels: Int) throws -> Picture {
        switch dataset.table.sources {
        case .files:
            guard case .file(let path) = dataset.table.source(row) else { preconditionFailure() }
            let bytes = Bytes(try MappedFile(path: path))
            return Picture(image: try decode(bytes, channels), bytes: bytes.count)
        case .records(let shards, let shard, let number):
            let index = shards[Int(shard[row])]
            let record = Int(number[row])
            defer { index.release(record) }
            let example = try index.record(record).example()
            guard let name = example.imageFeatureName else { throw unreadable(row, "has no image") }
            if name == "raw_bytes" {
                guard let image = example.rawImage else { throw unreadable(row, "has no size for its raw_bytes") }
                return Picture(image: image, bytes: image.samples.count)
            }
            guard let bytes = example.bytes(name) else { throw unreadable(row, "has not one picture in \(name)") }
            return Picture(image: try decode(bytes, channels), bytes: bytes.count)
        case .pairs(let images, let heatmaps):
            let image = Bytes(try MappedFile(path: images[row]))
            let heatmap = Bytes(try MappedFile(path: heatmaps[row]))
            return Picture(
                image: try decode(image, channels), heatmap: try decode(heatmap, 1),
                bytes: image.count + heatmap.count)
        case .brightSpots(let spots):
            let (image, heatmap) = spots.pair(row)
            return Picture(image: image, heatmap: heatmap, bytes: image.samples.count)
        }
    }

    private func readVector(_ row: Int, into values: UnsafeMutableBufferPointer<Float>) throws -> Int {
        guard case .records(let shards, let shard, let number) = dataset.table.sources else {
            throw unreadable(row, "is not a vector")
        }
        let example = try shards[Int(shard[row])].record(Int(number[row])).example()
        guard let vector = VectorFeature.values(of: example), vector.count == values.count else {
            throw unreadable(row, "has not \(values.count) features")
        }
        guard vector.allSatisfy(\.isFinite) else { throw unreadable(row, "has a feature that is not a number") }
        _ = values.update(from: vector)
        return 4 * vector.count
    }

    private func unreadable(_ row: Int, _ what: String) -> DatasetError {
        DatasetError(.unreadable, dataset.table.source(row).name, remedy: "The sample \(what).")
    }
}

/// Turns a file's bytes into a picture with so many channels.
public typealias ImageDecoder = @Sendable (Bytes, Int) throws -> Image
