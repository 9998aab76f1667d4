import DICOM
import LightboxCore

/// What libFuzzer calls with each input: everything that reads foreign bytes, and what follows from it.
///
/// The first byte chooses the way in, so that one corpus covers all of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDICOM(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let bytes = Bytes(input.dropFirst())
    let limits = ReadLimits(maxElements: 20_000, maxInflatedBytes: 1 << 22)
    let options = ReadOptions(stopsBeforePixelData: choice & 0x80 != 0, limits: limits)
    switch choice & 7 {
    case 0: follow(try? DataSet(bytes: bytes, as: .explicitVRLittleEndian, options: options))
    case 1: follow(try? DataSet(bytes: bytes, as: .implicitVRLittleEndian, options: options))
    case 2: follow(try? DataSet(bytes: bytes, as: .explicitVRBigEndian, options: options))
    case 3: follow(try? DICOMJSON.decode(bytes.array))
    case 4: decodeText(bytes)
    case 5: decodeRLE(bytes)
    default:
        guard let file = try? DICOMFile(bytes: bytes, options: options) else { return 0 }
        _ = try? file.serialized()
        _ = file.dump()
        follow(file.dataSet)
    }
    return 0
}

private func follow(_ dataSet: DataSet?) {
    guard let dataSet else { return }
    let json = DICOMJSON.encode(dataSet)
    for element in dataSet.elements {
        _ = dataSet.strings(element.tag)
        _ = dataSet.ints(element.tag)
        _ = dataSet.doubles(element.tag)
    }
    guard let again = try? DICOMJSON.decode(json) else { return }
    // What JSON says, it says again.
    let second = DICOMJSON.encode(again)
    guard let third = try? DICOMJSON.decode(second) else { fatalError("its own JSON was refused") }
    let fourth = DICOMJSON.encode(third)
    if fourth == second { return }
    let place = zip(second, fourth).prefix { $0 == $1 }.count
    let near = [second, fourth].map {
        String(decoding: $0.dropFirst(max(0, place - 60)).prefix(120), as: UTF8.self)
    }
    fatalError("JSON changes from one turn to the next:\n\(near[0])\n\(near[1])")
}

/// A character set up to the first newline, then a person name.
private func decodeText(_ bytes: Bytes) {
    let input = bytes.array
    let end = input.firstIndex(of: 0x0a) ?? input.count
    let characterSet = SpecificCharacterSet(String(decoding: input[..<end], as: UTF8.self))
    input[end...].withUnsafeBytes { text in
        for vr in [VR.PN, .LO, .UT] { _ = characterSet.decode(text, vr: vr) }
    }
}

/// A small frame whose geometry the first four bytes choose, as RLE segments behind them.
private func decodeRLE(_ bytes: Bytes) {
    guard bytes.count > 4 else { return }
    let bits = [1, 8, 16, 32][Int(bytes[2] & 3)]
    let isColour = bytes[3] & 1 == 1 && bits > 1
    let frame = DataSet([
        .uint16(.rows, UInt16(bytes[0] & 63) + 1), .uint16(.columns, UInt16(bytes[1] & 63) + 1),
        .uint16(.samplesPerPixel, isColour ? 3 : 1), .uint16(.bitsAllocated, UInt16(bits)),
        .uint16(.bitsStored, UInt16(bits)), .uint16(.highBit, UInt16(bits - 1)),
        .uint16(.pixelRepresentation, UInt16(bytes[3] >> 1 & 1)), .uint16(.planarConfiguration, 0),
        .text(.photometricInterpretation, isColour ? "RGB" : "MONOCHROME2"),
        .bytes(.pixelData, [0, 0], vr: .OW),
    ])
    guard let description = try? PixelDescription(frame) else { fatalError("the geometry was refused") }
    _ = try? RLEFrame(description).decode(bytes[4..<bytes.count])
}
