import Foundation
import Inference
import LightboxCore
import Synchronization

extension FeatureExtractor {
    /// The fastest precision whose features agree with f32's on the half of the sample that did not calibrate.
    static func fastest(
        _ model: FeatureModel, sample: [NDArray], settings: Settings, report: (String) -> Void
    ) throws -> FeatureExtractor {
        guard !sample.isEmpty else {
            throw FeatureError(
                code: .sampleMissing, model: model.name,
                remedy: "Precision auto compares on a sample of the input. Give one, or name the precision.")
        }
        let images = comparisonSample(sample)
        let exact = try FeatureExtractor(
            model, precision: .float32, sample: sample, settings: settings, report: report)
        let expected = try exact.blockingVectors(images)
        var extractors = [exact]
        for precision in [Precision.bfloat16, .int8] where precision == .bfloat16 || model.onnx != nil {
            extractors.append(
                try FeatureExtractor(
                    model, precision: precision, sample: sample, settings: settings, report: report))
        }
        report("comparing precisions on \(images.count) images")
        let cosines = try extractors.map { zip(expected, try $0.blockingVectors(images)).map(cosine) }
        let rates = try measuredRates(extractors, images)
        let candidates = extractors.indices.map { index in
            PrecisionReport.Candidate(
                precision: extractors[index].provenance.precision,
                meanCosine: cosines[index].reduce(0, +) / Double(cosines[index].count),
                leastCosine: cosines[index].min() ?? 1, imagesPerSecond: rates[index])
        }
        let agreeing = candidates.indices.filter { $0 == 0 || candidates[$0].meanCosine >= settings.agreement }
        let best = agreeing.max { candidates[$0].imagesPerSecond < candidates[$1].imagesPerSecond } ?? 0
        var chosen = extractors[best]
        chosen.report = PrecisionReport(
            chosen: candidates[best].precision, agreement: settings.agreement, sampleCount: images.count,
            candidates: candidates)
        return chosen
    }

    /// Every second image calibrates; of a handful all do both.
    static func calibrationSample(_ sample: [NDArray]) -> [NDArray] {
        sample.count < 8
            ? sample : Array(stride(from: 0, to: sample.count, by: 2).map { sample[$0] }.prefix(sampleCount))
    }

    private static func comparisonSample(_ sample: [NDArray]) -> [NDArray] {
        sample.count < 8
            ? sample : Array(stride(from: 1, to: sample.count, by: 2).map { sample[$0] }.prefix(sampleCount))
    }

    /// Vectors of single images, computed batch by batch. Blocks the calling thread.
    private func blockingVectors(_ images: [NDArray]) throws -> [[Float]] {
        try stride(from: 0, to: images.count, by: batch).flatMap { start in
            let piece = images[start..<min(images.count, start + batch)]
            let shape = [piece.count] + images[0].shape.dropFirst()
            return try run(NDArray(shape: shape, values: piece.flatMap(\.values)))
        }
    }

    /// Images per second of each, the best of three short turns, so that another program's burst hits all alike.
    private static func measuredRates(_ extractors: [FeatureExtractor], _ images: [NDArray]) throws -> [Double] {
        var rates = Array(repeating: 0.0, count: extractors.count)
        for _ in 0..<3 {
            for (index, extractor) in extractors.enumerated() {
                let piece = (0..<extractor.batch).flatMap { images[$0 % images.count].values }
                let shape = [extractor.batch] + images[0].shape.dropFirst()
                let rate = try extractor.rate(extractor.layout.tensor(NDArray(shape: shape, values: piece)))
                rates[index] = max(rates[index], rate)
            }
        }
        return rates
    }

    /// Computes one batch again and again for about 0.3 seconds, with as many under way as in real work.
    private func rate(_ input: Tensor) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let counts = Mutex([Result<Int, any Error>]())
        DispatchQueue.concurrentPerform(iterations: model.requestCount) { _ in
            let count = Result {
                var count = 0
                while count < 2 || clock.now - start < .milliseconds(300) {
                    _ = try model.run([input])
                    count += 1
                }
                return count
            }
            counts.withLock { $0.append(count) }
        }
        let total = try counts.withLock { try $0.reduce(0) { try $0 + $1.get() } }
        return Double(total * batch) / ((clock.now - start) / .seconds(1))
    }
}

/// The cosine of the angle between two vectors; 1 for two vectors of zeros.
func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, leftPower, rightPower) = (0.0, 0.0, 0.0)
    for (a, b) in zip(left, right) {
        product += Double(a) * Double(b)
        leftPower += Double(a) * Double(a)
        rightPower += Double(b) * Double(b)
    }
    if leftPower == 0 || rightPower == 0 { return leftPower == rightPower ? 1 : 0 }
    return product / (leftPower * rightPower).squareRoot()
}
