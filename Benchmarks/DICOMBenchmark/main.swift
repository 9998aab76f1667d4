import DICOM
import Foundation
import LightboxCore

// How many files a second one thread turns from a path into DICOM JSON, pixels left alone.
//
//     swift run -c release DICOMBenchmark FILE [COPIES]
//
// The file is copied COPIES times (2,000), so that each is opened, mapped and parsed as in a real folder.

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    print("usage: DICOMBenchmark FILE [COPIES]")
    exit(2)
}
let copies = arguments.count > 2 ? Int(arguments[2]) ?? 2000 : 2000
let folder = FileManager.default.temporaryDirectory.path + "/lightbox-benchmark-\(getpid())"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
let paths = (0..<copies).map { "\(folder)/\($0).dcm" }
for path in paths { try FileManager.default.copyItem(atPath: arguments[1], toPath: path) }

func measure(_ name: String, _ body: (String) throws -> Int) rethrows {
    var best = Double.infinity
    var bytes = 0
    for _ in 0..<5 {
        let start = ContinuousClock.now
        bytes = try paths.reduce(0) { $0 + (try body($1)) }
        best = min(best, (ContinuousClock.now - start) / .seconds(1))
    }
    print("\(name): \(Int(Double(copies) / best)) files/s, \(bytes / copies) each")
}

let options = ReadOptions(stopsBeforePixelData: true)
try measure("map the file, bytes") { try MappedFile(path: $0).bytes.count }
try measure("parse, elements") { try DICOMFile(path: $0, options: options).dataSet.elements.count }
var json: [UInt8] = []
try measure("parse and write JSON, bytes") { path in
    json.removeAll(keepingCapacity: true)
    DICOMJSON.encode(try DICOMFile(path: path, options: options).dataSet, into: &json)
    return json.count
}
try FileManager.default.removeItem(atPath: folder)
