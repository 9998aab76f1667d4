import LightboxCore

/// Stored values of a grey frame to display values: modality, then VOI, then presentation (PS3.4 annex N.2).
struct GreyRenderer: Sendable {
    var modality: ModalityTransform
    var voi: VOITransform
    /// MONOCHROME1, or a presentation LUT shape of INVERSE: the least value is white.
    var isInverted: Bool
    /// Stored values that stand for "no image here"; left out of the full range.
    var padding: ClosedRange<Int>?

    init(_ dataSet: DataSet, _ frame: StoredFrame, index: Int, window: WindowChoice) throws {
        let description = frame.description
        modality = try ModalityTransform(dataSet, frame: index, isSigned: description.isSigned)
        let inputIsSigned =
            switch modality {
            case .identity: description.isSigned
            // PS3.3 C.11.2.1.1: rescaled values may be negative, a table's never are.
            case .rescale: true
            case .table: false
            }
        voi = try VOITransform(window, in: dataSet, frame: index, inputIsSigned: inputIsSigned)
        isInverted =
            description.photometricInterpretation == .monochrome1
            || dataSet.string(.presentationLUTShape)?.uppercased() == "INVERSE"
        padding = Self.padding(dataSet, description)
    }

    private static func padding(_ dataSet: DataSet, _ description: PixelDescription) -> ClosedRange<Int>? {
        guard let value = dataSet.int(.pixelPaddingValue) else { return nil }
        let limit = dataSet.int(.pixelPaddingRangeLimit) ?? value
        // The VR does not always tell the sign.
        let bounds = [value, limit].map { number in
            description.isSigned && number > 0x7fff && description.bitsAllocated <= 16 ? number - 0x10000 : number
        }
        return min(bounds[0], bounds[1])...max(bounds[0], bounds[1])
    }

    /// - Parameter T: `UInt8` or `UInt16`, over whose whole range the display values go.
    func render<T: FixedWidthInteger & UnsignedInteger>(_ samples: StoredFrame.Samples) -> [T] {
        switch samples {
        case .uint8(let values): renderByTable(values)
        case .int8(let values): renderByTable(values)
        case .uint16(let values): renderByTable(values)
        case .int16(let values): renderByTable(values)
        case .uint32(let values): renderEach(values.map(Double.init))
        case .int32(let values): renderEach(values.map(Double.init))
        case .float32(let values): renderEach(values.map(Double.init))
        case .float64(let values): renderEach(values)
        }
    }

    /// One table entry for each value between the frame's least and greatest, then one look-up a pixel.
    private func renderByTable<S: FixedWidthInteger, T: FixedWidthInteger & UnsignedInteger>(
        _ values: [S]
    ) -> [T] {
        let range = extremes(of: values, leavingOut: nil)
        var display = DisplayFunction<T>(self)
        if case .fullRange = voi {
            let shown = padding == nil ? range : extremes(of: values, leavingOut: padding)
            display.setRange(modality.apply(Double(shown.lowerBound)), modality.apply(Double(shown.upperBound)))
        }
        let first = Int(range.lowerBound)
        let table = display.table(of: first...Int(range.upperBound))
        return values.withUnsafeBufferPointer { values in
            table.withUnsafeBufferPointer { table in
                [T](unsafeUninitializedCapacity: values.count) { pixels, filled in
                    for index in 0..<values.count { pixels[index] = table[Int(values[index]) &- first] }
                    filled = values.count
                }
            }
        }
    }

    private func renderEach<T: FixedWidthInteger & UnsignedInteger>(_ values: [Double]) -> [T] {
        var display = DisplayFunction<T>(self)
        if case .fullRange = voi {
            var (least, greatest) = (Double.infinity, -Double.infinity)
            for value in values where value.isFinite && !isPadding(value) {
                least = min(least, value)
                greatest = max(greatest, value)
            }
            if least <= greatest { display.setRange(modality.apply(least), modality.apply(greatest)) }
        }
        return values.map { display.value(of: $0) }
    }

    private func isPadding(_ value: Double) -> Bool {
        guard let padding else { return false }
        return value >= Double(padding.lowerBound) && value <= Double(padding.upperBound)
    }

    /// The least and the greatest value; of all of them when all are padding.
    private func extremes<S: FixedWidthInteger>(
        of values: [S], leavingOut padding: ClosedRange<Int>?
    ) -> ClosedRange<S> {
        var (least, greatest) = (S.max, S.min)
        values.withUnsafeBufferPointer { values in
            if let padding {
                let (low, high) = (S(clamping: padding.lowerBound), S(clamping: padding.upperBound))
                let excludes = Int(low) <= padding.upperBound && Int(high) >= padding.lowerBound
                for value in values {
                    let isLeftOut = excludes && value >= low && value <= high
                    least = min(least, isLeftOut ? S.max : value)
                    greatest = max(greatest, isLeftOut ? S.min : value)
                }
            } else {
                for value in values {
                    least = min(least, value)
                    greatest = max(greatest, value)
                }
            }
        }
        if least <= greatest { return least...greatest }
        return padding == nil ? 0...0 : extremes(of: values, leavingOut: nil)
    }
}

/// What one stored value looks like on the display.
private struct DisplayFunction<T: FixedWidthInteger & UnsignedInteger> {
    private let modality: ModalityTransform
    private let voi: VOITransform
    private let isInverted: Bool
    private var low = 0.0
    private var high = 0.0
    private let maximum = Double(T.max)

    init(_ renderer: GreyRenderer) {
        modality = renderer.modality
        voi = renderer.voi
        isInverted = renderer.isInverted
    }

    /// The ends of the full range, in modality values; a negative slope turns them around.
    mutating func setRange(_ first: Double, _ second: Double) {
        low = min(first, second)
        high = max(first, second)
    }

    /// The display value of each stored value in a range.
    func table(of range: ClosedRange<Int>) -> [T] {
        if case .table = voi { return range.map { value(of: Double($0)) } }
        if case .table = modality { return range.map { value(of: Double($0)) } }
        // A window only rises or only falls: outside its ramp there is nothing to compute.
        let (first, last) = (value(of: Double(range.lowerBound)), value(of: Double(range.upperBound)))
        let ramp = Self.firstIndex(in: range) { value(of: Double($0)) != first }
        let end = Self.firstIndex(in: ramp...max(ramp, range.upperBound)) { value(of: Double($0)) == last }
        var entries = [T](repeating: first, count: range.count)
        for stored in ramp..<end { entries[stored - range.lowerBound] = value(of: Double(stored)) }
        for stored in end..<range.upperBound + 1 { entries[stored - range.lowerBound] = last }
        return entries
    }

    /// The first index at which `holds` is true, given that it stays true from there; the last one if none.
    private static func firstIndex(in range: ClosedRange<Int>, _ holds: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func value(of stored: Double) -> T {
        let value = modality.apply(stored)
        let shown =
            switch voi {
            case .window(let window): window.apply(value, upTo: maximum)
            case .table(let table): table[value] / table.maximum * maximum
            case .fullRange: high > low ? (value - low) / (high - low) * maximum : 0
            }
        // NaN becomes 0 here.
        let rounded = shown > 0 ? min(shown + 0.5, maximum) : 0
        let pixel = T(rounded)
        return isInverted ? T.max - pixel : pixel
    }
}
