import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("NPY") struct NPYTests {
    func stored(_ name: String) throws -> Bytes { Bytes(try MappedFile(path: reference("formats/" + name))) }

    @Test(
        "Writes NumPy's own bytes and reads them",
        arguments: [
            ("matrix.npy", NDArray(shape: [3, 4], values: (0..<12).map { Float($0) / 8 - 0.5 })),
            ("vector.npy", NDArray(shape: [5], values: [0, 1, 2, 3, 4])),
            ("empty.npy", NDArray(shape: [0, 2048])),
        ])
    func equalsNumPy(name: String, array: NDArray) throws {
        #expect(try NPY.encode(array) == stored(name).array)
        #expect(try NPY.decode(stored(name)) == array)
    }

    @Test("Reads Float64; says what to do with other arrays") func others() throws {
        #expect(try NPY.decode(stored("double.npy")) == NDArray(shape: [2, 2], values: [0.1, 2, -3, 4]))
        let error = #expect(throws: RecordError.self) { try NPY.decode(stored("columns.npy")) }
        #expect(error?.code == .unsupported && error?.remedy.contains("ascontiguousarray") == true)
    }

    @Test("A file written row by row equals one written at once") func rows() throws {
        try withTemporaryFolder { folder in
            let writer = try NPYWriter(path: folder + "/a.npy", rowShape: [4])
            let array = try NPY.decode(stored("matrix.npy"))
            for row in 0..<3 { try writer.append(Array(array.values[(4 * row)..<(4 * row + 4)])) }
            try writer.finish()
            #expect(try Bytes(MappedFile(path: folder + "/a.npy")) == stored("matrix.npy"))
        }
    }

    @Test("Never traps on damaged bytes, nor takes memory for numbers that are not there") func mutations() throws
    {
        var random = SeededGenerator(seed: 71)
        let originals = try ["matrix.npy", "vector.npy", "double.npy"].map { try stored($0).array }
        for round in 0..<5000 { _ = try? NPY.decode(Bytes(mutated(originals[round % 3], &random))) }
        let text = String(decoding: originals[0], as: UTF8.self)
        #expect(text.contains("(3, 4)"))
        var huge = originals[0]
        let place = huge.firstIndex(of: UInt8(ascii: "("))!
        huge.replaceSubrange(place..<(place + 24), with: Array("(99999999999, 99999999) ".utf8))
        #expect(throws: RecordError.self) { try NPY.decode(Bytes(huge)) }
    }
}
