import Catalog
import HTTPTypes
import LightboxCore
import ModelRegistry
import Serving
import WireFormats

/// TensorFlow Serving's REST: status, metadata, predict, classify, regress.
///
/// https://www.tensorflow.org/tfx/serving/api_rest
struct TensorFlowRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let model = "/v1/models/{model}"
        return [model, model + "/versions/{version}"].flatMap { place in
            [
                Route(
                    .get, place, .tensorFlow, .read, "The state of a model's versions.", .init(answer: "Document"),
                    handler: status),
                Route(
                    .get, place + "/metadata", .tensorFlow, .read, "What goes in and what comes out.",
                    .init(answer: "Document"), handler: metadata),
                Route(
                    .post, place + ":predict", .tensorFlow, .predict, "Predict for rows or columns.",
                    .init(body: "PredictRequest", answer: "PredictResponse"), handler: predict),
                Route(
                    .post, place + ":classify", .tensorFlow, .predict, "Labels with scores for some examples.",
                    .init(body: "ExampleRequest", answer: "Document")
                ) { try await answer($0) { try ExampleAnswer.classes($0) } },
                Route(
                    .post, place + ":regress", .tensorFlow, .predict, "A number for each of some examples.",
                    .init(body: "ExampleRequest", answer: "Document")
                ) { try await answer($0) { try ExampleAnswer.numbers($0) } },
            ]
        }
    }

    @Sendable private func predict(_ call: Call) async throws -> Reply {
        try await context.prediction(call, style: .bareWhereSingle)
    }

    /// `{"result": […]}` for `{"examples": […]}`.
    private func answer(
        _ call: Call, _ result: (ExampleAnswer) throws -> JSONValue
    ) async throws -> Reply {
        let live = try await context.models.live(call["model"], version: call.parameter("version"))
        let request = try ExampleRequest(call.body).request(live.model.signatures, context.settings.request)
        let outputs = try await live.model.predict(request, deadline: call.deadline)
        let answer = ExampleAnswer(
            outputs: outputs, count: request.count, labels: live.model.manifest?.output.labels ?? [])
        var reply = Reply(.object([JSONMember("result", try result(answer))]))
        reply.instances = request.count
        return reply
    }

    // MARK: What there is

    @Sendable private func status(_ call: Call) async throws -> Reply {
        let versions = try await context.catalog { catalog -> [ModelVersion] in
            if let version = call.parameter("version") { return [try catalog.version(version, of: call["model"])] }
            return try catalog.versions(of: call["model"], .init(size: 100)).items
        }
        let states = versions.map { version -> JSONValue in
            let (code, message): (String, String) =
                version.state == .failed ? ("UNKNOWN", version.errorMessage) : ("OK", "")
            return .object([
                JSONMember("version", .string(version.name)),
                JSONMember("state", .string(Self.state(version.state))),
                JSONMember(
                    "status",
                    .object([
                        JSONMember("error_code", .string(code)), JSONMember("error_message", .string(message)),
                    ])),
            ])
        }
        return Reply(.object([JSONMember("model_version_status", .array(states))]))
    }

    private static func state(_ state: ModelVersion.State) -> String {
        switch state {
        case .creating: "LOADING"
        case .ready, .updating: "AVAILABLE"
        case .deleting: "UNLOADING"
        case .failed: "END"
        }
    }

    @Sendable private func metadata(_ call: Call) async throws -> Reply {
        let live = try await context.models.live(call["model"], version: call.parameter("version"))
        var signatures: [JSONMember] = []
        for signature in live.model.signatures.values.sorted(by: { $0.name < $1.name }) {
            signatures.append(
                JSONMember(
                    signature.name,
                    .object([
                        JSONMember("inputs", Self.ports(signature.inputs)),
                        JSONMember("outputs", Self.ports(signature.outputs)),
                        JSONMember("method_name", .string(signature.methodName)),
                        JSONMember("defaults", .object([])),
                    ])))
        }
        let spec = JSONValue.object([
            JSONMember("name", .string(live.key.model)), JSONMember("signature_name", .string("")),
            JSONMember("version", .string(live.key.version)),
        ])
        let definitions = JSONValue.object([
            JSONMember("@type", .string("type.googleapis.com/tensorflow.serving.SignatureDefMap")),
            JSONMember("signature_def", .object(signatures)),
        ])
        return Reply(
            .object([
                JSONMember("model_spec", spec),
                JSONMember("metadata", .object([JSONMember("signature_def", definitions)])),
            ]))
    }

    private static func ports(_ ports: [ServedPort]) -> JSONValue {
        .object(
            ports.map { port in
                let lengths = port.shape.map { length -> JSONValue in
                    .object([
                        JSONMember("size", .string("\(length ?? -1)")), JSONMember("name", .string("")),
                    ])
                }
                let shape = JSONValue.object([
                    JSONMember("dim", .array(lengths)), JSONMember("unknown_rank", .bool(false)),
                ])
                return JSONMember(
                    port.name,
                    .object([
                        JSONMember("dtype", .string(port.type.tensorFlowName)), JSONMember("tensor_shape", shape),
                        JSONMember("name", .string(port.name + ":0")),
                    ]))
            })
    }
}
