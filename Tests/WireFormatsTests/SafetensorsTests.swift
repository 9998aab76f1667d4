import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("Safetensors") struct SafetensorsTests {
    func stored() throws -> Bytes { Bytes(try MappedFile(path: reference("formats/package.safetensors"))) }

    let values: [Float] = [0, -0.0, 1, -1.5, 3.14159274, 1e-3, 65504, 0.333333343]

    @Test("Reads what the Python package wrote") func reads() throws {
        let file = try Safetensors(path: reference("formats/package.safetensors"))
        #expect(file.metadata == ["format": "lightbox \"1\" ß"])
        #expect(file.tensors.map(\.type.rawValue).first == "I64")
        #expect(try file["f32"]?.array() == NDArray(shape: [2, 4], values: values))
        #expect(try file["f64"]?.doubles() == values.map { Double($0) / 3 })
        #expect(try file["i64"]?.integers() == [-(1 << 53) - 1, 1 << 62])
        #expect(try file["i32"]?.integers() == [-(1 << 31), 1 << 31 - 1])
        #expect(file["i32"]?.shape == [2, 1])
        #expect(try file["u8"]?.integers() == [0, 128, 255])
        #expect(try file["bool"]?.integers() == [1, 0])
        #expect(try file["block2/kernel:0"]?.array() == NDArray(shape: [0, 3]))
        #expect(try file["Größe \"x\"\n"]?.array() == NDArray(shape: [], values: [2.5]))
        #expect(file["none"] == nil)
        #expect(try file.arrays().count == 6)
        #expect(throws: RecordError.self) { try file["u8"]?.array() }
        #expect(throws: RecordError.self) { try file["f32"]?.integers() }
    }

    @Test("Rounds to half and brain floats as PyTorch does, and writes its package's bytes") func writes() throws {
        let file = try Safetensors(stored())
        let made = try file.tensors.map { tensor in
            switch tensor.name {
            case "f16": SafetensorsTensor("f16", NDArray(shape: [8], values: values), as: .f16)
            case "bf16": SafetensorsTensor("bf16", NDArray(shape: [8], values: values), as: .bf16)
            case "f64": try SafetensorsTensor("f64", tensor.doubles())
            case "i64": try SafetensorsTensor("i64", tensor.integers())
            case "f32", "Größe \"x\"\n": SafetensorsTensor(tensor.name, try tensor.array())
            default: tensor
            }
        }
        #expect(try Safetensors.encode(made.reversed(), metadata: file.metadata) == stored().array)
        try withTemporaryFolder { folder in
            try Safetensors.write(made, metadata: file.metadata, to: folder + "/a")
            #expect(try Bytes(MappedFile(path: folder + "/a")) == stored())
        }
    }

    @Test("Rounds every kind of float to the nearest brain float, ties to even") func brainFloats() throws {
        let bits: [UInt32] = [
            0x3f80_7fff, 0x3f80_8000, 0x3f81_8000, 0x7f7f_ffff, 0x7fc0_0001, 0x7f80_0001, 0x0000_8001,
        ]
        let array = NDArray(shape: [7], values: bits.map { Float(bitPattern: $0) })
        let read = try SafetensorsTensor("x", array, as: .bf16).array().values.map { $0.bitPattern >> 16 }
        #expect(read == [0x3f80, 0x3f80, 0x3f82, 0x7f80, 0x7fc0, 0x7fc0, 0x0001])
    }

    @Test("Keeps an empty file") func empty() throws {
        let file = try Safetensors(Bytes(Safetensors.encode([])))
        #expect(file.tensors.isEmpty && file.metadata.isEmpty)
    }

    /// A file with the header's text as given.
    func file(_ header: String, data: Int) -> Bytes {
        let text = Array(header.utf8)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        return Bytes(length + text + [UInt8](repeating: 0, count: data))
    }

    @Test(
        "Refuses headers that do not hold together",
        arguments: [
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,  // shape and bytes differ
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,  // a gap before
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,  // bytes left over
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,  // behind the end
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
            #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#,
            #"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, #"{"__metadata__":{"a":1}}"#, "[]", "{", "",
            #"{"a":{"b":{"c":{"d":{"e":[]}}}}}"#,
        ])
    func refuses(header: String) {
        #expect(throws: RecordError.self) { try Safetensors(file(header, data: 8)) }
    }

    @Test("Refuses lengths beyond the file and beyond reason, naming the file") func lengths() throws {
        for length in [100, UInt64(Int64.max), .max] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
            #expect(throws: RecordError.self) { try Safetensors(Bytes(bytes)) }
        }
        try withTemporaryFolder { folder in
            try AtomicFile.write([1, 2, 3] as [UInt8], to: folder + "/cut")
            let error = #expect(throws: RecordError.self) { try Safetensors(path: folder + "/cut") }
            #expect(error?.file == folder + "/cut" && error?.kind == .corrupt)
        }
        #expect(throws: FileFailure.self) { try Safetensors(path: "/nowhere/a.safetensors") }
    }

    @Test("Never traps on damaged bytes") func mutations() throws {
        var random = SeededGenerator(seed: 83)
        let original = try stored().array
        var survivors = 0
        for _ in 0..<6000 {
            guard let file = try? Safetensors(Bytes(mutated(original, &random))) else { continue }
            survivors += 1
            for tensor in file.tensors where tensor.type.isFloat { _ = try tensor.array() }
        }
        #expect(survivors > 0)
    }
}
