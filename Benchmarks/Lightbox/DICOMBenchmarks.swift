import DICOM
import DICOMPixels
import Foundation
import Imaging
import LightboxCore

/// One thread: files to DICOM JSON, and a CT slice to PNG.
enum DICOMBenchmarks {
    /// `copies` copies of `file`, each opened, mapped and parsed as in a real folder.
    static func metadata(_ file: String, copies: Int) throws {
        try withScratchFolder { folder in
            let paths = (0..<copies).map { "\(folder)/\($0).dcm" }
            for path in paths { try FileManager.default.copyItem(atPath: file, toPath: path) }
            var json: [UInt8] = []
            let time = try best {
                for path in paths {
                    json.removeAll(keepingCapacity: true)
                    let file = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true))
                    DICOMJSON.encode(file.dataSet, into: &json)
                }
            }
            report("metadata to JSON", Double(copies) / time, "files/s")
        }
    }

    static func render(_ file: String, times: Int) throws {
        let time = try best {
            for _ in 0..<times { _ = PNG.encode(try DICOMImage(DICOMFile(path: file)).rendered()) }
        }
        report("CT to PNG", Double(times) / time, "files/s")
    }
}
