import DICOM
import DICOMPixels
import Foundation
import LightboxCore

// pixel-benchmark FILE... : for each file, frames decoded a second and files rendered a second (file read,
// parsed, decoded, windowed to 8 bits; no PNG), one thread, best of five rounds of half a second.

/// Calls a second, the best of five rounds.
func rate(_ body: () throws -> Void) rethrows -> Double {
    try body()
    var best = 0.0
    for _ in 0..<5 {
        let clock = ContinuousClock()
        let start = clock.now
        var calls = 0
        while clock.now - start < .milliseconds(500) {
            try body()
            calls += 1
        }
        let seconds = (clock.now - start) / .seconds(1)
        best = max(best, Double(calls) / seconds)
    }
    return best
}

func padded(_ text: String, _ width: Int) -> String {
    text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
}

func line(_ columns: [String]) -> String {
    zip(columns, [40, 34, 14, 14]).map { padded($0, $1) }.joined(separator: " ")
}

print(line(["file", "transfer syntax", "frames/s", "rendered/s"]))
for path in CommandLine.arguments.dropFirst() {
    do {
        let image = try DICOMImage(DICOMFile(path: path))
        let frames = try rate { _ = try image.storedFrame(0) }
        let rendered = try rate { _ = try DICOMImage(DICOMFile(path: path)).rendered() }
        print(
            line([
                String(path.split(separator: "/").last ?? ""), try DICOMFile(path: path).transferSyntax.name,
                String(Int(frames)), String(Int(rendered)),
            ]))
    } catch {
        print(path, error)
    }
}
