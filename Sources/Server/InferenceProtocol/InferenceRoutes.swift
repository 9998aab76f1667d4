import Catalog
import HTTPTypes
import LightboxCore
import Serving
import WireFormats

/// The Open Inference Protocol v2, as KServe and Triton speak it.
///
/// https://github.com/kserve/open-inference-protocol and Triton's binary tensor data extension.
struct InferenceRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route(.get, "/v2", .inferenceProtocol, .read, "Tell of the server.", .init(answer: "Document")) { _ in
                Reply(
                    .object([
                        JSONMember("name", .string("lightbox")), JSONMember("version", .string("2")),
                        JSONMember("extensions", .array([.string("binary_tensor_data")])),
                    ]))
            },
            Route(
                .get, "/v2/health/live", .inferenceProtocol, .read, "Whether the process is alive.",
                .init(answer: "Document")
            ) { _ in Reply(.object([JSONMember("live", .bool(true))])) },
            Route(
                .get, "/v2/health/ready", .inferenceProtocol, .read, "Whether requests are taken.",
                .init(answer: "Document")
            ) { _ in
                guard !context.isStopping else { throw ServerError(.shuttingDown, "The server is stopping.") }
                return Reply(.object([JSONMember("ready", .bool(true))]))
            },
        ] + ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].flatMap(modelRoutes)
    }

    private func modelRoutes(_ place: String) -> [Route] {
        [
            Route(
                .get, place, .inferenceProtocol, .read, "What goes in and what comes out.",
                .init(answer: "Document"), handler: metadata),
            Route(
                .get, place + "/ready", .inferenceProtocol, .read, "Whether the model answers.",
                .init(answer: "Document")
            ) { call in
                let key = try await context.models.version(call["model"], version: call.parameter("version"))
                return Reply(
                    .object([JSONMember("name", .string(key.model)), JSONMember("ready", .bool(true))]))
            },
            Route(
                .post, place + "/infer", .inferenceProtocol, .predict, "Infer from tensors.",
                .init(body: "InferenceRequest", answer: "Document"), handler: infer),
        ]
    }

    @Sendable private func metadata(_ call: Call) async throws -> Reply {
        let live = try await context.models.live(call["model"], version: call.parameter("version"))
        let signature = live.model.signatures.standing
        let versions = try await context.catalog { try $0.versions(of: live.key.model, .init(size: 100)).items }
        let ready = versions.filter { $0.state == .ready }.map { JSONValue.string($0.name) }
        return Reply(
            .object([
                JSONMember("name", .string(live.key.model)), JSONMember("versions", .array(ready)),
                JSONMember("platform", .string("lightbox_openvino")),
                JSONMember("inputs", Self.ports(signature?.inputs ?? [])),
                JSONMember("outputs", Self.ports(signature?.outputs ?? [])),
            ]))
    }

    private static func ports(_ ports: [ServedPort]) -> JSONValue {
        .array(
            ports.map { port in
                .object([
                    JSONMember("name", .string(port.name)),
                    JSONMember("datatype", .string(port.type.inferenceProtocolName)),
                    JSONMember("shape", .array(port.shape.map { .integer(Int64($0 ?? -1)) })),
                ])
            })
    }

    @Sendable private func infer(_ call: Call) async throws -> Reply {
        let live = try await context.models.live(call["model"], version: call.parameter("version"))
        let length = try call.headers[.inferenceHeaderLength].map { text in
            guard let length = Int(text) else {
                throw ServerError(.invalidArgument, "Inference-Header-Content-Length is no number. Send digits.")
            }
            return length
        }
        let request = try InferenceRequest(call.body, headerLength: length, limits: context.settings.request)
        let signature = try signature(for: request, live.model)
        let outputs = try await live.model.predict(
            request.inputs, signature: signature, extras: request.extras, deadline: call.deadline)
        var reply = try InferenceAnswer(outputs, to: request, live.key).reply
        reply.instances = request.inputs.values.first?.shape.first ?? 1
        return reply
    }

    /// The one that is named; else the one whose inputs are given.
    private func signature(for request: InferenceRequest, _ model: LoadedModel) throws -> String? {
        if let name = request.signature { return name }
        if let standing = model.signatures.standing, standing.takes(request.inputs) { return standing.name }
        let fitting = model.signatures.values.filter { $0.takes(request.inputs) }
        return fitting.count == 1 ? fitting[0].name : model.signatures.standing?.name
    }
}

extension [String: ServedSignature] {
    /// The one that is used where none is named.
    fileprivate var standing: ServedSignature? {
        count == 1 ? first?.value : self[ServedSignature.defaultName] ?? sorted { $0.key < $1.key }.first?.value
    }
}

extension ServedSignature {
    /// Whether these are its inputs, by name and type.
    fileprivate func takes(_ given: [String: ServedTensor]) -> Bool {
        given.allSatisfy { input($0.key)?.type == $0.value.type }
            && inputs.allSatisfy { $0.isOptional || given[$0.name] != nil }
    }
}

/// What goes back: JSON, and behind it the bytes of outputs that are wanted so.
private struct InferenceAnswer {
    let reply: Reply

    init(_ outputs: [String: ServedTensor], to request: InferenceRequest, _ key: ModelPool.Key) throws {
        if let wanted = request.outputs.first(where: { outputs[$0.name] == nil }) {
            throw ServingError(
                .unexpectedInput, field: String(wanted.name.prefix(100)), "there is no output of this name",
                remedy: "There are \(outputs.keys.sorted().joined(separator: ", ")).")
        }
        var text = Array("{\"model_name\": ".utf8)
        JSONWriter.append(key.model, to: &text)
        text += ", \"model_version\": ".utf8
        JSONWriter.append(key.version, to: &text)
        if !request.id.isEmpty {
            text += ", \"id\": ".utf8
            JSONWriter.append(request.id, to: &text)
        }
        text += ", \"outputs\": [".utf8
        var binary: [UInt8] = []
        var isFirst = true
        for (name, tensor) in Self.ordered(outputs, request) {
            guard let isBinary = request.form(of: name) else { continue }
            if !isFirst { text += ", ".utf8 }
            isFirst = false
            text += "{\"name\": ".utf8
            JSONWriter.append(name, to: &text)
            text += ", \"datatype\": \"\(tensor.type.inferenceProtocolName)\", \"shape\": \(tensor.shape)".utf8
            if isBinary {
                let bytes = tensor.binary
                text += ", \"parameters\": {\"binary_data_size\": \(bytes.count)}}".utf8
                binary += bytes
            } else {
                text += ", \"data\": ".utf8
                tensor.appendJSON(to: &text)
                text.append(UInt8(ascii: "}"))
            }
        }
        text += "]}".utf8
        guard !binary.isEmpty else {
            reply = Reply(json: text)
            return
        }
        var reply = Reply(text + binary, type: "application/octet-stream")
        reply.headers[.inferenceHeaderLength] = "\(text.count)"
        self.reply = reply
    }

    private static func ordered(
        _ outputs: [String: ServedTensor], _ request: InferenceRequest
    ) -> [(String, ServedTensor)] {
        let names = request.outputs.isEmpty ? outputs.keys.sorted() : request.outputs.map(\.name)
        return names.compactMap { name in outputs[name].map { (name, $0) } }
    }
}
