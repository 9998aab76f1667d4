import Foundation
import LightboxCore
import Serving
import TestSupport
import Testing
import WireFormats

private let image = ServedSignature(
    inputs: [ServedPort(name: "image", type: .float32, shape: [nil, 2, 2, 1])],
    outputs: [ServedPort(name: "scores", type: .float32, shape: [nil, 2])])

private let keyed = ServedSignature(
    inputs: [
        ServedPort(name: "image_bytes", type: .string, shape: [nil]),
        ServedPort(name: "key", type: .string, shape: [nil], isOptional: true),
    ], outputs: [])

private func signature(_ type: ServedType, _ shape: [Int?] = [nil, nil]) -> ServedSignature {
    ServedSignature(inputs: [ServedPort(name: "x", type: type, shape: shape)], outputs: [])
}

private func read(
    _ text: String, _ signatures: ServedSignature..., named name: String? = nil,
    limits: RequestLimits = RequestLimits()
) throws -> PredictRequest {
    let byName = Dictionary(uniqueKeysWithValues: signatures.map { ($0.name, $0) })
    return try Instances.request(bytes(text), signatures: byName, signature: name, limits: limits)
}

private func error(_ text: String, _ signatures: ServedSignature...) -> ServingError? {
    let byName = Dictionary(uniqueKeysWithValues: signatures.map { ($0.name, $0) })
    do {
        _ = try Instances.request(bytes(text), signatures: byName)
    } catch {
        return error as? ServingError
    }
    return nil
}

@Suite("Requests for predictions") struct InstancesTests {
    static let numbers = "[[[1], [2]], [[3.5], [-4e1]]]"

    @Test(
        "Takes rows, columns, bare values, single instances and numbers as text",
        arguments: [
            "{\"instances\": [{\"image\": \(numbers)}]}", "{\"instances\": [\(numbers)]}",
            "{\"instances\": [\"\(numbers)\"]}", "{\"image\": \(numbers)}", "{\"image\": \"\(numbers)\"}",
            "{\"inputs\": {\"image\": [\(numbers)]}}", "{\"inputs\": [\(numbers)]}",
            " {\"inputs\" : \"[\(numbers)]\"} ",
            "{\"signature_name\": \"serving_default\", \"instances\": [\(numbers)]}",
            "{\"instances\": [\(numbers)], \"signatureName\": \"serving_default\"}",
            "{\"instances\": [\(numbers)], \"parameters\": {\"a\": \"]\"}}",
        ])
    func forms(text: String) throws {
        let request = try read(text, image)
        #expect(request.count == 1)
        #expect(
            request.inputs
                == ["image": ServedTensor(shape: [1, 2, 2, 1], elements: .float32([1, 2, 3.5, -40]))])
        #expect(request.form == (text.contains("inputs") ? .columns : .rows))
    }

    @Test("Joins the instances of a request along the first index")
    func manyRows() throws {
        let request = try read("{\"instances\": [[1, 2], [3, 4], [5, 6]]}", signature(.float32))
        #expect(request.inputs["x"] == ServedTensor(shape: [3, 2], elements: .float32([1, 2, 3, 4, 5, 6])))
        let scalars = try read("{\"instances\": [1, 2]}", signature(.float32, [nil, 1]))
        #expect(scalars.inputs["x"]?.shape == [2, 1])
        #expect(try read("{\"instances\": [[], []]}", signature(.float32)).inputs["x"]?.shape == [2, 0])
    }

    @Test("Keeps each type's numbers")
    func types() throws {
        #expect(
            try read("{\"instances\": [[1, 9007199254740993]]}", signature(.int64)).inputs["x"]?.elements
                == .int64([1, 9_007_199_254_740_993]))
        #expect(
            try read("{\"instances\": [[255, 1.0]]}", signature(.uint8)).inputs["x"]?.elements == .uint8([255, 1]))
        #expect(try read("{\"instances\": [[0.1]]}", signature(.float64)).inputs["x"]?.elements == .float64([0.1]))
        #expect(
            try read("{\"instances\": [[true, false]]}", signature(.bool)).inputs["x"]?.elements
                == .bool([true, false]))
        #expect(try read("{\"instances\": [[-7]]}", signature(.int32)).inputs["x"]?.elements == .int32([-7]))
    }

    @Test("Decodes b64 objects at any depth, and passes keys through")
    func binary() throws {
        let request = try read(
            "{\"instances\": [{\"key\": \"a\\u00e9\", \"image_bytes\": {\"b64\": \"AP8=\"}}, "
                + "{\"image_bytes\": {\"b64\": \"-_8\"}, \"key\": 12}]}", keyed)
        #expect(request.inputs["image_bytes"]?.elements == .strings([Bytes([0, 255]), Bytes([251, 255])]))
        #expect(texts(request.inputs["key"]) == ["aé", "12"])
        let bare = try read("{\"instances\": [{\"b64\": \"AP8=\"}, \"text\"]}", keyed)
        #expect(bare.inputs["image_bytes"]?.elements == .strings([Bytes([0, 255]), bytes("text")]))
        #expect(bare.inputs["key"] == nil)
        let deep = signature(.string, [nil, 1, 2])
        let nested = try read("{\"instances\": [[[{\"b64\": \"AA==\"}, \"x\"]]]}", deep)
        #expect(
            nested.inputs["x"] == ServedTensor(shape: [1, 1, 2], elements: .strings([Bytes([0]), bytes("x")])))
        let single = try read("{\"image_bytes\": {\"b64\": \"AP8=\"}}", keyed)
        #expect(single.inputs["image_bytes"]?.elements == .strings([Bytes([0, 255])]))
        let columns = try read("{\"inputs\": {\"image_bytes\": [{\"b64\": \"AP8=\"}, \"b\"]}}", keyed)
        #expect(columns.count == 2)
    }

    @Test("Chooses the signature by name, or by the inputs that are given")
    func signatures() throws {
        let other = ServedSignature(
            name: "pixels", inputs: [ServedPort(name: "pixels", type: .float32, shape: [nil, nil])], outputs: [])
        #expect(try read("{\"instances\": [{\"pixels\": [1]}]}", keyed, other).signature == "pixels")
        #expect(try read("{\"pixels\": [1]}", keyed, other).signature == "pixels")
        #expect(try read("{\"inputs\": {\"pixels\": [[1]]}}", keyed, other).signature == "pixels")
        #expect(try read("{\"instances\": [\"a\"]}", keyed, other).signature == "serving_default")
        #expect(
            try read("{\"instances\": [[1]], \"signature_name\": \"pixels\"}", keyed, other).signature == "pixels")
        #expect(try read("{\"instances\": [[1]]}", keyed, other, named: "pixels").signature == "pixels")
        #expect(error("{\"instances\": [[1]], \"signature_name\": \"no\"}", keyed)?.code == .unknownSignature)
    }

    private static let wrongRequests: [(String, ServingError.Code, Int?, String?)] = [
        ("{\"instances\": [[[[1],[2]],[[3],[4]]], [[[1],[2]],[[3]]]]}", .wrongShape, 1, "image"),
        ("{\"instances\": [[1, 2]]}", .wrongShape, 0, "image"),
        ("{\"instances\": [{\"picture\": [1]}]}", .unexpectedInput, 0, "picture"),
        ("{\"instances\": [{\"image\": [[[1],[2]],[[3],[4]]]}, {}]}", .missingInput, 1, "image"),
        ("{\"instances\": [{\"image\": [[[1],[2]],[[3],[\"a\"]]]}]}", .wrongShape, 0, "image"),
        ("{\"instances\": [{\"image\": true}]}", .wrongType, 0, "image"),
        ("{\"instances\": [{\"image\": {\"b64\": \"AA==\"}}]}", .wrongType, 0, "image"),
        ("{\"instances\": [{\"image\": \"[1, \"}]}", .malformedRequest, 0, "image"),
        ("{\"instances\": [{\"image\": [1], \"image\": [1]}]}", .wrongShape, 0, "image"),
        ("{\"instances\": [[[[1],[2]],[[3],[NaN]]]]}", .malformedRequest, 0, "image"),
        ("{\"inputs\": {\"image\": [[[1],[2]]]}}", .wrongShape, nil, "image"),
        ("{\"inputs\": {\"picture\": 1}}", .unexpectedInput, nil, "picture"),
        ("{\"inputs\": {}}", .missingInput, nil, "image"),
        ("{\"instances\": []}", .malformedRequest, nil, "instances"),
        ("{\"instances\": {}}", .wrongType, nil, "instances"),
        ("{\"instances\": [[1]], \"inputs\": [[1]]}", .malformedRequest, nil, "instances"),
        ("{\"instances\": [[1]], \"extras\": [\"colour\"]}", .unavailableExtra, nil, "extras"),
        ("{\"instances\": [[1]], \"extras\": 1}", .wrongType, nil, "extras"),
        ("{\"instances\": [[1]], \"signature_name\": 1}", .wrongType, nil, "signature_name"),
        ("{}", .malformedRequest, nil, "instances"),
        ("[1]", .malformedRequest, nil, nil), ("", .malformedRequest, nil, nil),
        ("{\"instances\": [1", .malformedRequest, nil, nil),
        ("{\"instances\": [[[[1],[2]],[[3],[4]]]]} x", .malformedRequest, nil, nil),
        ("{\"instances\": [[[[1],[2]],[[3],[4]]],]}", .malformedRequest, 1, "image"),
    ]

    @Test("Names the instance and the input that are wrong", arguments: wrongRequests)
    func errors(text: String, code: ServingError.Code, instance: Int?, field: String?) {
        let found = error(text, image)
        #expect(found?.code == code, "\(String(describing: found))")
        #expect(found?.instance == instance, "\(String(describing: found))")
        #expect(found?.field == field, "\(String(describing: found))")
    }

    @Test("Refuses keys of some instances alone, and what is over a limit")
    func limits() {
        #expect(
            error("{\"instances\": [{\"image_bytes\": \"a\", \"key\": \"k\"}, {\"image_bytes\": \"b\"}]}", keyed)?
                .field
                == "key")
        #expect(
            error("{\"instances\": [{\"image_bytes\": \"a\"}, {\"image_bytes\": \"b\", \"key\": \"k\"}]}", keyed)?
                .field
                == "key")
        #expect(error("{\"instances\": [{\"image_bytes\": {\"b64\": \"A\"}}]}", keyed)?.code == .wrongType)
        #expect(error("{\"instances\": [[300]]}", signature(.uint8))?.code == .wrongType)
        #expect(error("{\"instances\": [[1.5]]}", signature(.int64))?.code == .wrongShape)
        var limits = RequestLimits()
        limits.maximumInstances = 2
        limits.maximumNumbers = 4
        func code(_ text: String) -> ServingError.Code? {
            do { _ = try read(text, signature(.float32), limits: limits) } catch {
                return (error as? ServingError)?.code
            }
            return nil
        }
        #expect(code("{\"instances\": [[1], [2]]}") == nil)
        #expect(code("{\"instances\": [[1], [2], [3]]}") == .tooLarge)
        #expect(code("{\"instances\": [[1, 2, 3, 4, 5]]}") == .tooLarge)
        #expect(code("{\"instances\": " + String(repeating: "[", count: 100_000)) == .malformedRequest)
        #expect(code("{\"instances\": [" + String(repeating: "[", count: 100) + "1") != nil)
    }

    @Test("Never fails in another way on broken requests")
    func mutated() {
        let text = Array(
            "{\"instances\": [{\"key\": \"a\\u00e9\\\"\", \"image_bytes\": {\"b64\": \"AP8=\"}}], \"extras\": [\"labels\"]}"
                .utf8)
        var random = SeededGenerator(seed: 9)
        for _ in 0..<3000 {
            var broken = text
            for _ in 0..<(1 + Int(random.next() % 3)) {
                let place = Int(random.next() % UInt64(broken.count))
                switch random.next() % 3 {
                case 0: broken[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: broken.remove(at: place)
                default: broken.insert(broken[Int(random.next() % UInt64(broken.count))], at: place)
                }
            }
            for signature in [keyed, image] {
                do {
                    _ = try Instances.request(Bytes(broken), signatures: [signature.name: signature])
                } catch {
                    #expect(error is ServingError)
                }
            }
        }
    }

    @Test("Reads lines and records of batch jobs")
    func lines() throws {
        let sole = signature(.string, [nil])
        let raw = try Instances.request(line: bytes("{\"x\": 1"), signature: sole)
        #expect(texts(raw.inputs["x"]) == ["{\"x\": 1"])
        let json = try Instances.request(line: bytes("{\"image_bytes\": \"a\", \"key\": \"k\"}"), signature: keyed)
        #expect(texts(json.inputs["key"]) == ["k"])
        #expect(texts(try Instances.request(record: bytes("r"), signature: keyed).inputs["image_bytes"]) == ["r"])
        #expect(throws: ServingError.self) { try Instances.request(record: bytes("r"), signature: image) }
        #expect(try Instances.request(line: bytes("[[[1],[2]],[[3],[4]]]"), signature: image).count == 1)
        #expect(throws: ServingError.self) {
            try Instances.request(line: bytes("[1] 2"), signature: signature(.int64))
        }
    }
}

@Suite("Answers with predictions") struct AnswerTests {
    private let outputs = [
        "scores": ServedTensor(shape: [2, 2], elements: .float32([0.5, 1e-5, .nan, -.infinity])),
        "key": ServedTensor(["a\"", "é"]),
        "map_bytes": ServedTensor(shape: [2], elements: .strings([Bytes([0, 255]), Bytes([])])),
        "found": ServedTensor(shape: [2], elements: .bool([true, false])),
    ]

    private func text(
        _ outputs: [String: ServedTensor], _ form: PredictRequest.Form, _ style: Instances.Style = .named
    ) throws -> String {
        let request = PredictRequest(form: form, signature: "s", count: 2, inputs: [:])
        return String(decoding: try Instances.response(outputs, to: request, style: style), as: UTF8.self)
    }

    @Test("Splits each output by instance, bytes as b64, what JSON has not as null")
    func rows() throws {
        #expect(
            try text(outputs, .rows)
                == "{\"predictions\": [{\"found\": true, \"key\": \"a\\\"\", \"map_bytes\": {\"b64\": \"AP8=\"}, "
                + "\"scores\": [0.5, 1e-05]}, {\"found\": false, \"key\": \"é\", \"map_bytes\": {\"b64\": \"\"}, "
                + "\"scores\": [null, null]}]}")
    }

    @Test("Writes whole outputs for columns, and bare values where TensorFlow Serving does")
    func styles() throws {
        let single = ["x": ServedTensor(shape: [2, 1, 2], elements: .int64([1, 2, 3, 4]))]
        #expect(try text(single, .rows) == "{\"predictions\": [{\"x\": [[1, 2]]}, {\"x\": [[3, 4]]}]}")
        #expect(try text(single, .rows, .bareWhereSingle) == "{\"predictions\": [[[1, 2]], [[3, 4]]]}")
        #expect(try text(single, .columns) == "{\"outputs\": {\"x\": [[[1, 2]], [[3, 4]]]}}")
        #expect(try text(single, .columns, .bareWhereSingle) == "{\"outputs\": [[[1, 2]], [[3, 4]]]}")
        let line = try Instances.prediction(single, row: 1, of: 2)
        #expect(String(decoding: line, as: UTF8.self) == "{\"x\": [[3, 4]]}")
    }

    @Test("Refuses outputs that are not one for each instance")
    func unequal() {
        let wrong = ["x": ServedTensor(shape: [3], elements: .int32([1, 2, 3]))]
        #expect(throws: ServingError.self) { try text(wrong, .rows) }
        #expect(throws: Never.self) { try text(wrong, .columns) }
    }
}

@Suite("Numbers of requests") struct RequestNumberTests {
    @Test(
        "Reads every number to the nearest value",
        arguments: [
            "0", "-0", "0.0", "-0.0", "1", "-1", "123456789012345", "1234567890123456", "0.1", "-0.3",
            "3.14159265358979",
            "0.000000000000001", "0.00000000000000001", "1e-5", "1E5", "-2.5e+3", "123456789.123456",
            "12345678901234567890",
            "0.30000000000000004", "4.9e-324", "255", "1.5",
        ])
    func values(text: String) throws {
        let signature = ServedSignature(
            inputs: [ServedPort(name: "x", type: .float64, shape: [nil])], outputs: [])
        let request = try Instances.request(
            bytes("{\"instances\": [\(text), \(text)]}"), signatures: [signature.name: signature])
        guard case .float64(let values)? = request.inputs["x"]?.elements, let wanted = Double(text) else {
            Issue.record("no number")
            return
        }
        #expect(values.map(\.bitPattern) == [wanted.bitPattern, wanted.bitPattern])
    }

    @Test(
        "Refuses what JSON does not call a number",
        arguments: ["01", "-", "1.", ".5", "+1", "1e", "0x1", "-01", "1.e5", "1e999"])
    func malformed(text: String) {
        let signature = ServedSignature(
            inputs: [ServedPort(name: "x", type: .float32, shape: [nil])], outputs: [])
        #expect(throws: ServingError.self) {
            try Instances.request(bytes("{\"instances\": [\(text)]}"), signatures: [signature.name: signature])
        }
    }
}
