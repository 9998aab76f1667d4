import DICOM
import DICOMStore
import LightboxCore

/// What libFuzzer calls with each input: bodies, addresses and headers as they come from the web.
///
/// This file is compiled into the module that it tests. The first byte chooses the way in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWeb(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let text = String(decoding: bytes, as: UTF8.self)
    switch choice & 7 {
    case 0: followParts(bytes, piece: Int(choice >> 3) + 1)
    case 1: followMetadata(bytes)
    case 2: followAddress(text)
    case 3: followQuery(text)
    case 4: followTypes(text)
    default: followRange(text)
    }
    return 0
}

/// However a body is cut, the same parts come of it.
private func followParts(_ bytes: [UInt8], piece: Int) {
    let (whole, wholeFails) = parts(bytes, .max)
    let (cut, cutFails) = parts(bytes, piece)
    guard wholeFails == cutFails else { fatalError("whether a body is read depends on how it is cut") }
    guard wholeFails || whole == cut else { fatalError("a body's parts depend on how it is cut") }
}

private struct Part: Equatable {
    var headers: [String: String]
    var content: [UInt8] = []
    var hasEnded = false
}

private func parts(_ bytes: [UInt8], _ piece: Int) -> (parts: [Part], fails: Bool) {
    var parser = MultipartParser(boundary: "b0", limits: .init(parts: 100, part: 1 << 16, headers: 1000))
    var parts: [Part] = []
    do {
        var start = 0
        while start < bytes.count {
            let end = piece == .max ? bytes.count : min(bytes.count, start + piece)
            try bytes[start..<end].withUnsafeBytes { some in
                try parser.append(some) { event in
                    switch event {
                    case .begin(let headers): parts.append(Part(headers: headers))
                    case .content(let more): parts[parts.count - 1].content += Array(more)
                    case .end: parts[parts.count - 1].hasEnded = true
                    }
                }
            }
            start = end
        }
        try parser.finish()
        guard parts.allSatisfy(\.hasEnded) else { fatalError("a part does not end") }
        return (parts, false)
    } catch {
        return (parts, true)
    }
}

/// The metadata part of a STOW body, with a bulk value for every address, as it becomes a file.
private func followMetadata(_ bytes: [UInt8]) {
    let options = DICOMJSON.DecodeOptions { uri in
        guard !uri.isEmpty else { throw DICOMwebError(.badRequest, "no part") }
        return Bytes([1, 2, 3, 4] as [UInt8])
    }
    guard let dataSets = try? DICOMJSON.decodeAll(bytes, options: options) else { return }
    for dataSet in dataSets {
        let body = DataSet(dataSet.elements.filter { $0.tag.group != 2 })
        for syntax in [
            TransferSyntax.explicitVRLittleEndian, .implicitVRLittleEndian, .deflatedExplicitVRLittleEndian,
        ] {
            guard let file = try? DICOMFile(dataSet: body, transferSyntax: syntax).serialized(as: syntax) else {
                continue
            }
            _ = try? DICOMFile(bytes: Bytes(file))
        }
    }
}

/// What is a UID in a path is digits and dots.
private func followAddress(_ text: String) {
    let ends = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard
        let request = try? DICOMwebRequest(
            method: .get, path: ends[0], query: ends.count > 1 ? ends[1] : nil, root: "http://host"),
        let route = try? Route(request.segments)
    else { return }
    let target: Target
    switch route {
    case .collection(_, let place), .resource(let place), .metadata(let place), .frames(let place, _),
        .rendered(let place, _, _), .bulkData(let place, _):
        target = place
    }
    for uid in [target.study, target.series, target.instance] {
        guard let uid else { continue }
        guard uid.utf8.count <= 64, uid.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }),
            uid.first != "."
        else { fatalError("a path became a UID") }
    }
}

private func followQuery(_ text: String) {
    guard let items = try? DICOMwebRequest.items(text) else { return }
    for level in AttributeQuery.Level.allCases {
        for flavour in [DICOMwebSettings.Flavour.standard, .google] {
            guard
                let search = try? SearchRequest(items, level, within: Target(study: "1.2"), flavour: flavour)
            else { continue }
            guard (0...50_000).contains(search.query.limit), (0...1_000_000).contains(search.query.offset) else {
                fatalError("a page has no bounds")
            }
        }
    }
}

private func followTypes(_ text: String) {
    if let type = MediaType(text) {
        _ = type.includes("image/png")
        _ = (type.partType, type.transferSyntax)
        guard (0...1).contains(type.quality) else { fatalError("a quality out of its range") }
    }
    guard let ranges = try? MediaType.ranges(text) else { return }
    guard zip(ranges, ranges.dropFirst()).allSatisfy({ $0.quality >= $1.quality }) else {
        fatalError("the ranges are not in their order")
    }
    _ = try? StoreForm(text, .standard)
}

private func followRange(_ text: String) {
    guard
        let request = try? DICOMwebRequest(
            method: .get, path: "studies", headers: [("Range", text), ("If-None-Match", text)], root: "http://host"
        )
    else { return }
    _ = Conditions.isFresh(request, "\"a\"")
    for count in [0, 1, 100] {
        guard let range = try? Conditions.range(request, of: count, tag: "\"a\"") else { continue }
        guard range.lowerBound >= 0, range.upperBound <= count, !range.isEmpty else {
            fatalError("a range out of its file")
        }
    }
}
