import LightboxCore
public import Networks

/// A file of Keras weights: classic `.h5` (weights only, or a whole model), Keras 3's `.weights.h5`, `.keras`.
///
/// Nothing in a file is executed, no link out of it is followed, and sizes are checked before memory is taken.
public struct KerasFile: Sendable {
    public let path: String
    /// Every layer that has arrays, in the file's order (Keras 3: by class and counter).
    public let layers: [KerasLayer]
    /// The model's architecture in Keras's JSON, in a file of a whole model.
    public let configuration: String?
    /// Whether the layers stand in the order in which the model computes them.
    let isOrdered: Bool

    /// - Throws: ``WeightError`` saying what is wrong with the file.
    public init(path: String) throws {
        do {
            let content = try KerasFile.read(path)
            self.path = path
            layers = content.layers
            configuration = content.configuration
            isOrdered = content.isOrdered
        } catch let error as HDF5Error {
            throw WeightError(error, file: path)
        } catch let error as ZipError {
            throw WeightError(error, file: path)
        }
    }

    /// Reads the weights of a graph from a file.
    ///
    /// - Throws: ``WeightError``, naming each layer that is missing, extra or misshapen.
    public static func weights(_ path: String, for graph: Graph) throws -> NetworkWeights {
        try KerasFile(path: path).weights(for: graph)
    }

    struct Content {
        var layers: [KerasLayer] = []
        var configuration: String?
        var isOrdered = false
    }

    private static func read(_ path: String) throws -> Content {
        let bytes: Bytes
        do {
            bytes = Bytes(try MappedFile(path: path))
        } catch {
            throw WeightError(
                kind: .notFound, file: path, reason: "the file cannot be opened", remedy: "Check the path.")
        }
        let zipSignature = Bytes([0x50, 0x4b, 0x03, 0x04])
        if bytes.count >= 4, bytes[0..<4] == zipSignature { return try readArchive(bytes) }
        return try content(of: HDF5File(bytes))
    }

    private static func readArchive(_ bytes: Bytes) throws -> Content {
        let limits = HDF5Limits()
        let archive = try ZipArchive(bytes)
        var content = try content(of: HDF5File(archive.contents("model.weights.h5", limit: limits.totalBytes)))
        let configuration = try archive.contents("config.json", limit: limits.configurationBytes)
        content.configuration = configuration.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return content
    }

    private static func content(of file: HDF5File) throws -> Content {
        let root = try file.root()
        var content = Content()
        content.configuration = try root.texts("model_config")?.first
        var reader = KerasLayerReader(limits: file.limits)
        if let names = try root.texts("layer_names") {
            content.layers = try reader.classicLayers(names, in: root)
            content.isOrdered = true
        } else if try root.members()["model_weights"] != nil {
            let group = try root.group("model_weights")
            content.layers = try reader.classicLayers(group.texts("layer_names") ?? [], in: group)
            content.isOrdered = true
        } else {
            try reader.collect(from: root, depth: 0, into: &content.layers)
            content.layers.sort { KerasLayer.counted($0.group) < KerasLayer.counted($1.group) }
        }
        return content
    }
}

extension WeightError {
    init(_ error: HDF5Error, file: String) {
        let whole = "Fetch or save the file again."
        switch error {
        case .notHDF5:
            self.init(
                kind: .corrupt, file: file, reason: "this is neither an HDF5 file nor a .keras archive",
                remedy: whole)
        case .damaged(let what):
            self.init(kind: .corrupt, file: file, reason: what, remedy: whole)
        case .unsupported(let what):
            self.init(
                kind: .unsupported, file: file, reason: what, remedy: "Save the weights again with save_weights.")
        case .limit(let what):
            self.init(
                kind: .limitExceeded, file: file, reason: what, remedy: "Check that this is a file of weights.")
        }
    }

    init(_ error: ZipError, file: String) {
        let kind: FailureKind
        switch error {
        case .damaged: kind = .corrupt
        case .unsupported: kind = .unsupported
        case .limit: kind = .limitExceeded
        }
        self.init(kind: kind, file: file, reason: error.reason, remedy: "Save the model again with model.save.")
    }
}
