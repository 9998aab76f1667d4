import Foundation
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

/// Broken files must end in an error that says so or, where only numbers changed, be read; never in a crash.
@Suite("Damaged Keras files") struct DamagedFileTests {
    static let names = ["no_top.h5", "top.weights.h5", "top_model.h5", "compressed.h5", "top.keras"]

    @Test("Truncated", arguments: names)
    func truncated(name: String) throws {
        try withCopies(of: name) { bytes, outcome in
            for part in 1..<40 {
                let found = outcome(Array(bytes.prefix(bytes.count * part / 40)))
                #expect(found == .refused, "\(part) fortieths")
            }
            #expect(outcome(bytes) == .read)
        }
    }

    @Test("With changed bytes", arguments: names)
    func changed(name: String) throws {
        var random = SeededGenerator(seed: 7, stream: name)
        let rounds = ProcessInfo.processInfo.environment["LIGHTBOX_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 60
        try withCopies(of: name) { bytes, outcome in
            for round in 0..<rounds {
                var copy = bytes
                for _ in 0..<Int.random(in: 1...24, using: &random) {
                    let position = Int.random(in: 0..<copy.count, using: &random)
                    copy[position] =
                        [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)]
                        .randomElement(using: &random) ?? 0
                }
                #expect(outcome(copy) != .failed, "round \(round)")
            }
        }
    }

    private enum Outcome {
        case read
        /// With an error that says what is wrong.
        case refused
        /// With any other error.
        case failed
    }

    /// Hands the bytes of a good file, and a function that says what becomes of changed ones.
    private func withCopies(of name: String, _ body: ([UInt8], ([UInt8]) -> Outcome) throws -> Void) throws {
        let original = try Data(contentsOf: URL(fileURLWithPath: reference("networks/files/" + name)))
        try withTemporaryFolder { folder in
            let path = folder + "/" + name
            try body(Array(original)) { bytes in
                do {
                    try Data(bytes).write(to: URL(fileURLWithPath: path))
                    let file = try KerasFile(path: path)
                    if file.configuration != nil { _ = try file.model(height: 32, width: 32) }
                    return .read
                } catch let error where error is WeightError || error is ArchitectureError || error is NetworkError
                {
                    return .refused
                } catch {
                    Issue.record("\(error)")
                    return .failed
                }
            }
        }
    }
}
