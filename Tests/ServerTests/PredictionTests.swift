import Foundation
import LightboxCore
import Server
import Testing
import WireFormats

@Suite("Predictions over HTTP") struct PredictionTests {
    private let google = "/v1/projects/p/models/doubling"
    private let tensorFlow = "/v1/models/doubling"
    private let open = "/v2/models/doubling"

    @Test func googleAnswersWithObjects() async throws {
        try await withServer(doubling: true) { server in
            let body = #"{"instances": [[1, 2, 3, 4], {"x": [0, 0, 0, 1]}], "signature_name": "serving_default"}"#
            let expected = #"{"predictions": [{"y": [2.0, 4.0, 6.0, 8.0]}, {"y": [0.0, 0.0, 0.0, 2.0]}]}"#
            for place in [google, google + "/versions/v1", "/v1/projects%2Fp%2Fmodels%2Fdoubling"] {
                let answer = try await server.post(place + ":predict", body)
                #expect(answer.text == expected)
            }
        }
    }

    @Test("What is wrong with an instance is a text, what is wrong with the place an object")
    func googleErrors() async throws {
        try await withServer(doubling: true) { server in
            let bad = try await server.post(google + ":predict", #"{"instances": [[1, 2, 3, 4], [1]]}"#)
            #expect(bad.status == 400)
            let text = try #require(bad.json["error"]?.string)
            #expect(text.contains("instance 1") && text.contains("x"))
            let unexpected = try await server.post(google + ":predict", #"{"instances": [{"z": 1}]}"#)
            #expect(unexpected.json["error"]?.string?.contains("Unexpected tensor name") == true)
            #expect(try await server.post("/v1/projects/p/models/m:predict", "{}").errorStatus == "NOT_FOUND")
            #expect(try await server.post(google + "/versions/v9:predict", "{}").errorStatus == "NOT_FOUND")
            #expect(try await server.post(google + ":explain", "{}").errorStatus == "FAILED_PRECONDITION")
        }
    }

    @Test func tensorFlowServing() async throws {
        try await withServer(doubling: true) { server in
            let rows = try await server.post(tensorFlow + ":predict", #"{"instances": [[1, 2, 3, 4]]}"#)
            #expect(rows.text == #"{"predictions": [[2.0, 4.0, 6.0, 8.0]]}"#)
            let columns = try await server.post(tensorFlow + ":predict", #"{"inputs": {"x": [[1, 2, 3, 4]]}}"#)
            #expect(columns.text == #"{"outputs": [[2.0, 4.0, 6.0, 8.0]]}"#)
            #expect(try await server.post(tensorFlow + ":predict", "{").json["error"]?.string != nil)
            let status = try await server.get(tensorFlow + "/versions/v1").json["model_version_status"]?.elements
            #expect(status?[0]["state"]?.string == "AVAILABLE")
            let metadata = try await server.get(tensorFlow + "/metadata").json
            let input = metadata["metadata"]?["signature_def"]?["signature_def"]?["serving_default"]?["inputs"]?[
                "x"]
            #expect(input?["dtype"]?.string == "DT_FLOAT")
            #expect(input?["tensor_shape"]?["dim"]?.elements?.map { $0["size"]?.string } == ["-1", "4"])
            let classes = try await server.post(
                tensorFlow + ":classify",
                #"{"context": {"x": [1, 2, 3, 4]}, "examples": [{}, {"x": [4, 0, 0, 0]}]}"#)
            #expect(classes.json["result"]?.elements?[1].elements?[0] == .array([.string("0"), .number(8)]))
            #expect(try await server.post(tensorFlow + ":regress", #"{"examples": []}"#).status == 400)
        }
    }

    @Test func openInferenceProtocolInJSON() async throws {
        try await withServer(doubling: true) { server in
            #expect(try await server.get("/v2/health/ready").status == 200)
            #expect(try await server.get(open + "/ready").status == 200)
            #expect(try await server.get("/v2/models/none/ready").status == 404)
            let metadata = try await server.get(open).json
            #expect(metadata["inputs"]?.elements?[0]["datatype"]?.string == "FP32")
            let input = #"{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}"#
            let answer = try await server.post(open + "/infer", #"{"id": "7", "inputs": [\#(input)]}"#).json
            #expect(answer["id"]?.string == "7")
            #expect(answer["model_version"]?.string == "v1")
            #expect(answer["outputs"]?.elements?[0]["data"] == .numbers([2, 4, 6, 8]))
            for wrong in [
                #"{"inputs": []}"#, #"{"inputs": [{"name": "x"}]}"#, "[]", #"{"entrees": 1}"#,
                #"{"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3, 4]}]}"#,
                #"{"inputs": [{"name": "x", "shape": [-1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}"#,
                #"{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP8", "data": [1, 2, 3, 4]}]}"#,
                #"{"inputs": [\#(input)], "outputs": [{"name": "z"}]}"#,
            ] {
                let answer = try await server.post(open + "/infer", wrong)
                #expect(answer.status == 400 && answer.json["error"]?.string != nil, "\(wrong): \(answer.text)")
            }
        }
    }

    @Test func openInferenceProtocolInBinary() async throws {
        try await withServer(doubling: true) { server in
            let values: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
            let bytes = values.withUnsafeBytes { Array($0) }
            func header(_ size: Int) -> [UInt8] {
                Array(
                    """
                    {"inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP32", \
                    "parameters": {"binary_data_size": \(size)}}], "outputs": [{"name": "y", \
                    "parameters": {"binary_data": true}}]}
                    """.utf8)
            }
            let text = header(32)
            let answer = try await server.send(
                "POST", open + "/infer", text + bytes,
                headers: ["Inference-Header-Content-Length": "\(text.count)"])
            #expect(answer.status == 200)
            let length = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
            let floats = Bytes(answer.body[length...]).withUnsafeBytes { raw in
                (0..<8).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
            #expect(floats == values.map { 2 * $0 })
            for (size, length) in [(16, text.count), (64, text.count), (-4, text.count), (32, 9999), (32, -1)] {
                let text = header(size)
                let length = length == 9999 || length < 0 ? length : text.count
                let answer = try await server.send(
                    "POST", open + "/infer", text + bytes,
                    headers: ["Inference-Header-Content-Length": "\(length)"])
                #expect(answer.status == 400)
            }
        }
    }

    @Test("A version that is swapped under load fails no request")
    func swapsUnderLoad() async throws {
        try await withServer(doubling: true) { server in
            let body = #"{"instances": [[1, 2, 3, 4]]}"#
            let failures = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var failures = 0
                        for _ in 0..<200 {
                            let answer = try await server.post("/v1/projects/p/models/doubling:predict", body)
                            if answer.status != 200 { failures += 1 }
                        }
                        return failures
                    }
                }
                for round in 2...5 {
                    try await server.addDoubling("v\(round)")
                    let versions = "/v1/projects/p/models/doubling/versions"
                    _ = try await server.ask("POST", "\(versions)/v\(round):setDefault")
                    _ = try await server.ask("DELETE", "\(versions)/v\(round - 1)")
                }
                return try await group.reduce(0, +)
            }
            #expect(failures == 0)
        }
    }
}
