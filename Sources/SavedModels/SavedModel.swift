import Foundation
public import LightboxCore
import WireFormats

/// A model as TensorFlow exports it: a folder with `saved_model.pb` and, beside it, `variables`.
///
/// Nothing in it is run: the graph is read as data, ``cut(signature:allowsFetching:)`` finds the network in it.
public struct SavedModel: Sendable {
    public let path: String
    /// `["serve"]`
    public let tags: [String]
    /// By name; the one that TensorFlow keeps for its own start-up is left out.
    public let signatures: [String: SavedModelSignature]

    let limits: SavedModelLimits
    /// SavedModel { schema_version = 1; repeated MetaGraphDef meta_graphs = 2 }
    let message: WireMessage
    /// MetaGraphDef { meta_info = 1; graph_def = 2; saver = 3; collections = 4; signature_def = 5; … }
    let metaGraph: WireMessage
    let allSignatures: [SavedModelSignature]
    let nodes: [NodeDefinition]
    let library: [String: FunctionDefinition]

    /// Reads the graph, and not the variables.
    ///
    /// - Parameter path: the folder that holds `saved_model.pb`.
    /// - Throws: ``SavedModelError``.
    public init(path: String, limits: SavedModelLimits = SavedModelLimits()) throws {
        let file = path + "/saved_model.pb"
        guard let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int else {
            throw SavedModelError(
                .missingModel, path,
                remedy: "Name the folder that holds saved_model.pb, often one below called 1.")
        }
        try Self.refuseLinks(in: path)
        guard size <= limits.graphBytes else {
            throw SavedModelError(
                .limitExceeded, path, remedy: "saved_model.pb is larger than \(limits.graphBytes) bytes.")
        }
        try self.init(Bytes(MappedFile(path: file)), path: path, limits: limits)
    }

    /// Reads the bytes of a `saved_model.pb`.
    ///
    /// - Parameter path: the folder that they belong to.
    public init(_ bytes: Bytes, path: String, limits: SavedModelLimits = SavedModelLimits()) throws {
        self.path = path
        self.limits = limits
        do {
            message = try WireMessage(bytes)
            metaGraph = try Self.serving(try message.messages(2), path)
            tags = try metaGraph.message(1)?.texts(4) ?? []
            allSignatures = try metaGraph.entries(5)
                .map { try SavedModelSignature(name: $0.key, WireMessage($0.value)) }
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            let named = allSignatures.filter { !$0.name.hasPrefix("__saved_model_") }
            signatures = Dictionary(named.map { ($0.name, $0) }) { $1 }
            // GraphDef { node = 1; library = 2 FunctionDefLibrary { function = 1 }; versions = 4 }
            let graph = try metaGraph.message(2) ?? WireMessage(.empty)
            nodes = try graph.contents(1).map(NodeDefinition.init)
            let functions = try graph.message(2)?.contents(1).map(FunctionDefinition.init) ?? []
            library = Dictionary(functions.map { ($0.name, $0) }) { $1 }
        } catch let error as RecordError {
            throw SavedModelError.malformed(path, "saved_model.pb is damaged: export or fetch it again. \(error)")
        }
    }

    /// The meta graph for serving, or the only one.
    private static func serving(_ all: [WireMessage], _ path: String) throws -> WireMessage {
        for one in all where try one.message(1)?.texts(4).contains("serve") == true { return one }
        guard let first = all.first else {
            throw SavedModelError.malformed(path, "saved_model.pb holds no graph: export or fetch it again.")
        }
        return first
    }

    /// A link could lead out of the folder.
    private static func refuseLinks(in path: String) throws {
        let inside = (try? FileManager.default.contentsOfDirectory(atPath: path + "/variables")) ?? []
        for name in ["saved_model.pb", "variables"] + inside.map({ "variables/" + $0 }) {
            let kind =
                try? FileManager.default.attributesOfItem(atPath: path + "/" + name)[.type] as? FileAttributeType
            guard kind != .typeSymbolicLink else {
                throw SavedModelError(
                    .refusedOperation, path + "/" + name,
                    remedy: "This is a link, which may lead out of the folder: put the file itself there.")
            }
        }
    }

    /// The signature of this name; without a name the only one, else `serving_default`.
    public func signature(named name: String? = nil) throws -> SavedModelSignature {
        let wanted = name ?? (signatures.count == 1 ? signatures.keys.first! : "serving_default")
        guard let found = signatures[wanted] else {
            throw SavedModelError(
                .unknownSignature, path,
                remedy:
                    "There is no signature \(wanted); there are: \(signatures.keys.sorted().joined(separator: ", "))."
            )
        }
        return found
    }

    /// Tags and signatures as TensorFlow's `saved_model_cli show --all` prints them.
    public func describe() -> String {
        let tagText = tags.map { "'\($0)'" }.joined(separator: ", ")
        return "\nMetaGraphDef with tag-set: \(tagText) contains the following SignatureDefs:\n"
            + allSignatures.map { "\n" + $0.describe() }.joined()
    }
}

extension SavedModel {
    /// What the variables' files hold together.
    var variableBytes: Int {
        let folder = path + "/variables"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.contains(".data-") }.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}
