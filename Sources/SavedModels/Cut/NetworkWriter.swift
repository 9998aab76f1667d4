import LightboxCore
import WireFormats

/// Writes the network's part of a graph as a SavedModel of its own.
///
/// The original operations stay where they are, because the loader finds the variables' names through those that
/// save and restore, and expects these behind the variables; the network's own are written with their new inputs.
struct NetworkWriter {
    struct Entry {
        /// What it stands for.
        let reference: Reference
        let port: String
        let type: DataType
        let shape: PartialShape
    }

    struct Result {
        let output: String
        let reference: Reference
        let type: DataType
        let shape: PartialShape
    }

    private let model: SavedModel
    private let graph: Graph
    private let members: Set<Int>
    private var names: [Int: String] = [:]
    private var taken: Set<String>
    /// New operations, and those of the main graph with their new inputs.
    private var made: [[UInt8]] = []
    private var replaced: [String: [UInt8]] = [:]
    private var standIns: [Reference: String] = [:]

    init(_ model: SavedModel, _ graph: Graph, members: Set<Int>) {
        self.model = model
        self.graph = graph
        self.members = members
        taken = Set(model.nodes.map(\.name))
    }

    mutating func bytes(entries: [Entry], results: [Result]) throws -> Bytes {
        nameMembers()
        for entry in entries { addEntry(entry) }
        for index in members.sorted() {
            let node = graph.nodes[index]
            if names[index] == node.definition?.name, names[index] == node.name {
                replaced[node.name] = try definition(index)
            } else {
                made.append(try definition(index))
            }
        }
        var signature = ProtobufWriter()
        for entry in entries {
            addPort(&signature, 1, entry.port, tensor: entry.port + ":0", entry.type.carried!, entry.shape)
        }
        for result in results {
            let tensor = addResult(result)
            addPort(&signature, 2, result.output, tensor: tensor, result.type.carried!, result.shape)
        }
        signature.field(3, text: "tensorflow/serving/predict")
        return Bytes(wrapped(signature.bytes))
    }

    // MARK: Operations

    /// Operations of the main graph keep their names; those out of functions get one that is free.
    private mutating func nameMembers() {
        let main = Set(model.nodes.map(\.name))
        for index in members.sorted() {
            let node = graph.nodes[index]
            if node.definition?.name == node.name, main.contains(node.name) {
                names[index] = node.name
            } else {
                names[index] = free(node.name)
            }
        }
    }

    private mutating func free(_ name: String) -> String {
        var candidate = name
        var number = 1
        while !taken.insert(candidate).inserted {
            candidate = "\(name)_\(number)"
            number += 1
        }
        return candidate
    }

    private func tensorName(_ reference: Reference) -> String {
        if let standIn = standIns[reference] { return standIn }
        let name = names[reference.node] ?? graph.nodes[reference.node].name
        return reference.output == 0 ? name : "\(name):\(reference.output)"
    }

    private func definition(_ index: Int) throws -> [UInt8] {
        let node = graph.nodes[index]
        // A placeholder with a default becomes its default: nothing feeds it.
        let isDefault = node.operation == "PlaceholderWithDefault"
        var writer = ProtobufWriter()
        writer.field(1, text: names[index]!)
        writer.field(2, text: isDefault ? "Identity" : node.operation)
        for input in node.inputs { writer.field(3, text: tensorName(input)) }
        if isDefault {
            addAttribute(&writer, "T", type: try node.attribute("dtype")?.type ?? .float)
        } else if let message = node.definition?.message {
            for field in message.fields where ![1, 2, 3].contains(field.number) { writer.copy(field, of: message) }
        }
        return writer.bytes
    }

    private mutating func addEntry(_ entry: Entry) {
        let carried = entry.type.carried!
        taken.insert(entry.port)
        var writer = ProtobufWriter()
        writer.field(1, text: entry.port)
        writer.field(2, text: "Placeholder")
        addAttribute(&writer, "dtype", type: carried)
        var shape = ProtobufWriter()
        let isScalar = entry.shape.lengths?.isEmpty == true
        shape.field(7, message: message(of: isScalar ? PartialShape([1]) : entry.shape))
        addAttribute(&writer, "shape", shape.bytes)
        made.append(writer.bytes)
        let value = isScalar ? addSqueeze(entry.port, carried) : entry.port
        standIns[entry.reference] = carried == entry.type ? value : addCast(value, carried, entry.type)
    }

    /// The name of the tensor that carries a result, `node:0`.
    private mutating func addResult(_ result: Result) -> String {
        let name = tensorName(result.reference)
        let carried = result.type.carried!
        if carried != result.type { return addCast(name, result.type, carried) + ":0" }
        return name.contains(":") ? name : name + ":0"
    }

    /// A single number enters as one of length 1: OpenVINO's C interface carries no others.
    private mutating func addSqueeze(_ input: String, _ type: DataType) -> String {
        let name = free("lightbox_number")
        var writer = ProtobufWriter()
        writer.field(1, text: name)
        writer.field(2, text: "Squeeze")
        writer.field(3, text: input)
        addAttribute(&writer, "T", type: type)
        made.append(writer.bytes)
        return name
    }

    private mutating func addCast(_ input: String, _ from: DataType, _ to: DataType) -> String {
        let name = free("lightbox_cast")
        var writer = ProtobufWriter()
        writer.field(1, text: name)
        writer.field(2, text: "Cast")
        writer.field(3, text: input)
        addAttribute(&writer, "SrcT", type: from)
        addAttribute(&writer, "DstT", type: to)
        made.append(writer.bytes)
        return name
    }

    private func addAttribute(_ writer: inout ProtobufWriter, _ name: String, type: DataType) {
        var value = ProtobufWriter()
        value.field(6, varint: UInt64(type.rawValue))
        addAttribute(&writer, name, value.bytes)
    }

    private func addAttribute(_ writer: inout ProtobufWriter, _ name: String, _ value: [UInt8]) {
        var entry = ProtobufWriter()
        entry.field(1, text: name)
        entry.field(2, message: value)
        writer.field(5, message: entry.bytes)
    }

    private func message(of shape: PartialShape) -> [UInt8] {
        var writer = ProtobufWriter()
        guard let lengths = shape.lengths else {
            writer.field(3, varint: 1)
            return writer.bytes
        }
        for length in lengths {
            var dimension = ProtobufWriter()
            dimension.field(1, varint: UInt64(bitPattern: Int64(length ?? -1)))
            writer.field(2, message: dimension.bytes)
        }
        return writer.bytes
    }

    // MARK: The messages around them

    private func addPort(
        _ signature: inout ProtobufWriter, _ number: Int, _ name: String, tensor: String, _ type: DataType,
        _ shape: PartialShape
    ) {
        var info = ProtobufWriter()
        info.field(1, text: tensor)
        info.field(2, varint: UInt64(type.rawValue))
        info.field(3, message: message(of: shape))
        var entry = ProtobufWriter()
        entry.field(1, text: name)
        entry.field(2, message: info.bytes)
        signature.field(number, message: entry.bytes)
    }

    private func wrapped(_ signature: [UInt8]) -> [UInt8] {
        var graphWriter = ProtobufWriter()
        for node in model.nodes {
            if let other = replaced[node.name] {
                graphWriter.field(1, message: other)
            } else {
                graphWriter.field(1, bytes: node.message.bytes)
            }
        }
        for node in made { graphWriter.field(1, message: node) }
        if let graph = try? model.metaGraph.message(2) {
            for field in graph.fields where field.number != 1 { graphWriter.copy(field, of: graph) }
        }
        var entry = ProtobufWriter()
        entry.field(1, text: "serving_default")
        entry.field(2, message: signature)
        var metaGraph = ProtobufWriter()
        for field in model.metaGraph.fields where ![2, 5].contains(field.number) {
            metaGraph.copy(field, of: model.metaGraph)
        }
        metaGraph.field(2, message: graphWriter.bytes)
        metaGraph.field(5, message: entry.bytes)
        var whole = ProtobufWriter()
        for field in model.message.fields where field.number != 2 { whole.copy(field, of: model.message) }
        whole.field(2, message: metaGraph.bytes)
        return whole.bytes
    }
}
