/// From material on the way of the rays to the numbers that a digital detector stores.
///
/// Beer–Lambert attenuation, scattered light from everywhere around, photon noise, logarithm; then, as
/// vendors' processing does, large bright and dark areas are brought nearer to each other and the interesting
/// range is stretched over twelve bits. Dense is bright.
struct Detector {
    /// Attenuation per centimetre near 120 kV.
    static let waterPerCentimetre: Float = 0.185
    static let bonePerCentimetre: Float = 0.42
    /// Water in inflated lung.
    static let lungDensity: Float = 0.27
    /// Scattered over direct light, behind an anti-scatter grid.
    static let scatter: Float = 0.2
    /// The stored value of the darkest and the brightest tissue.
    static let range: ClosedRange<Float> = 260...3700

    let positioning: Positioning
    /// What part of the body may be darker than the display shows: skin folds and, from the side, the back.
    var darkest = 0.012

    /// - Returns: 0...4095, row by row.
    func stored(_ projection: Projection, _ draw: inout Draw) -> [UInt16] {
        let signal = attenuation(of: projection, &draw)
        expose(signal, &draw)
        flatten(signal)
        return quantised(signal, projection.canvas)
    }

    /// The exponent of Beer and Lambert's law at each pixel.
    private func attenuation(of projection: Projection, _ draw: inout Draw) -> Plane {
        let canvas = projection.canvas
        let texture = FractalNoise.plane(
            width: canvas.width, height: canvas.height, cell: max(8, canvas.width / 24), octaves: 5,
            persistence: 0.75, &draw)
        let result = canvas.plane()
        let (body, air, opacity, freeAir) = (
            projection.body.values, projection.air.values, projection.opacity.values, projection.freeAir.values
        )
        let (vessels, water, bone, metal) = (
            projection.vessels.values, projection.water.values, projection.bone.values, projection.metal.values
        )
        for index in 0..<result.count {
            let lung = air[index]
            let tissue = 1 - freeAir[index]
            let open = 1 - opacity[index]
            let inflated = Self.lungDensity + 0.022 * texture.values[index]
            let filled = (inflated + (1 - inflated) * opacity[index]) * tissue
            let vessel = vessels[index] * tissue * open * clamped(lung * 0.5)
            let soft = body[index] - lung * (1 - filled) + vessel + water[index]
            let uneven = body[index] * 0.006 * texture.values[index]
            result.values[index] =
                Self.waterPerCentimetre * positive(soft + uneven)
                + Self.bonePerCentimetre * (bone[index] + metal[index])
        }
        return result
    }

    /// Replaces attenuation by the logarithm of noisy light.
    private func expose(_ signal: Plane, _ draw: inout Draw) {
        let light = Plane(width: signal.width, height: signal.height)
        lanes(signal.count) { index in
            let value = load(signal.values, index)
            store(
                exponential(-value.clamped(lowerBound: Lanes(repeating: 0), upperBound: Lanes(repeating: 20))),
                light.values, index)
        }
        let factor = 8
        let small = light.reduced(by: factor)
        let scattered = small.blurred(radius: max(1, small.width / 24))
            .enlarged(by: factor, width: light.width, height: light.height)
        let perPhoton = 1 / positioning.photons
        lanes(signal.count) { index in
            let received = load(light.values, index) + Self.scatter * load(scattered.values, index)
            var noise = Lanes()
            for lane in 0..<8 { noise[lane] = quickNormal(draw.next()) }
            let noisy = received + noise * (received * perPhoton).squareRoot()
            let kept = pointwiseMax(noisy, Lanes(repeating: 1e-5))
            store(-logarithm(kept), signal.values, index)
        }
    }

    /// Brings large areas nearer to their mean, and sharpens what is finer.
    private func flatten(_ signal: Plane) {
        let factor = 8
        let small = signal.reduced(by: factor)
        var mean: Float = 0
        for index in 0..<small.count { mean += small.values[index] }
        mean /= Float(small.count)
        let coarse = small.blurred(radius: max(1, small.width / 20))
            .enlarged(by: factor, width: signal.width, height: signal.height)
        for index in 0..<signal.count {
            signal.values[index] -= 0.38 * (coarse.values[index] - mean)
        }
    }

    /// Stretches the body's range over the detector's; direct light stays black.
    private func quantised(_ signal: Plane, _ canvas: Canvas) -> [UInt16] {
        let (low, high) = bodyRange(of: signal)
        let scale = 1 / (high - low)
        let span = Self.range.upperBound - Self.range.lowerBound
        let (left, top, right, bottom) = positioning.collimation
        let pixel = canvas.centimetresPerPixel
        let columns = Int(left / pixel)..<(canvas.width - Int(right / pixel))
        let rows = Int(top / pixel)..<(canvas.height - Int(bottom / pixel))
        return [UInt16](unsafeUninitializedCapacity: signal.count) { buffer, count in
            for row in 0..<canvas.height {
                let line = signal.row(row)
                for column in 0..<canvas.width {
                    let inside = rows.contains(row) && columns.contains(column)
                    let t = (line[column] - low) * scale
                    // A film's foot: darker where it is dark already.
                    let toned = t > 0 ? t * (0.72 + 0.28 * min(t, 1)) : t
                    let value = inside ? Self.range.lowerBound + toned * span : 0
                    buffer[row * canvas.width + column] = UInt16(max(0, min(4095, value)))
                }
            }
            count = signal.count
        }
    }

    /// What nearly all of the lungs lie above and nearly all of the body below.
    private func bodyRange(of signal: Plane) -> (low: Float, high: Float) {
        var histogram = [Int](repeating: 0, count: 1024)
        var inside = 0
        for index in stride(from: 0, to: signal.count, by: 3) where signal.values[index] > 0.55 {
            histogram[min(1023, Int(signal.values[index] * 128))] += 1
            inside += 1
        }
        func quantile(_ part: Double) -> Float {
            var rest = Int(Double(inside) * part)
            for (bin, count) in histogram.enumerated() {
                rest -= count
                if rest < 0 { return (Float(bin) + 0.5) / 128 }
            }
            return 8
        }
        let low = quantile(darkest)
        return (low, max(low + 0.5, quantile(0.997)))
    }
}

/// Four uniform numbers of 16 bits, added: mean 0, standard deviation 1.
@inline(__always)
private func quickNormal(_ bits: UInt64) -> Float {
    let sum = (bits & 0xffff) &+ (bits >> 16 & 0xffff) &+ (bits >> 32 & 0xffff) &+ (bits >> 48)
    return (Float(Int32(truncatingIfNeeded: sum)) - 131_070) * (1.732_050_8 / 65_536)
}

/// Eight at a time; planes are allocated in whole eights.
@inline(__always)
private func lanes(_ count: Int, _ body: (Int) -> Void) {
    var index = 0
    while index < count {
        body(index)
        index += 8
    }
}

@inline(__always)
private func load(_ values: UnsafeMutablePointer<Float>, _ index: Int) -> Lanes {
    UnsafeRawPointer(values + index).loadUnaligned(as: Lanes.self)
}

@inline(__always)
private func store(_ lanes: Lanes, _ values: UnsafeMutablePointer<Float>, _ index: Int) {
    UnsafeMutableRawPointer(values + index).storeBytes(of: lanes, as: Lanes.self)
}
