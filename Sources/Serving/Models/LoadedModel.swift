import Foundation
public import Inference
import LightboxCore
public import ModelRegistry

/// One version of a model, compiled and warmed: what answers requests.
///
/// Its memory is given back when the last one who holds it lets go, so that a version that is taken away still
/// answers what it has taken.
public final class LoadedModel: Sendable {
    public struct Settings: Sendable {
        /// nil: all cores that the process may use.
        public var threads: Int?
        /// bf16 takes half the time on processors that have it, and changes scores in the third digit.
        public var precision = CompiledModel.Options.Precision.float32
        public var batching = MicroBatcher.Settings()
        public var images = ImageReader()
        /// nil: URLs are refused.
        public var remoteImages: (any RemoteImages)?
        /// Of one model's files.
        public var maximumBytes = 8 << 30

        public init() {}
    }

    /// What it is called in messages.
    public let name: String
    public let file: ServableFile
    public let signatures: [String: ServedSignature]
    /// What is known of a model that has a `model.json`.
    public let manifest: ModelManifest?

    private let calls: [String: any ServedCall]
    private let fileBytes: Int

    /// Reads, compiles and warms a model. Blocks the calling thread for seconds: see ``load(_:name:settings:)``.
    ///
    /// - Throws: ``ServingError``, or the error of whoever refused the file.
    public init(_ file: ServableFile, name: String? = nil, settings: Settings = Settings()) throws {
        self.name = name ?? file.path
        self.file = file
        precision = settings.precision
        fileBytes = try file.size()
        guard fileBytes <= settings.maximumBytes else {
            throw ServingError(
                .tooLarge, model: self.name, "its files have \(fileBytes) bytes",
                remedy: "The limit is \(settings.maximumBytes).")
        }
        let opened = try OpenedModel(file, name: self.name, settings: settings)
        manifest = opened.manifest
        calls = Dictionary(uniqueKeysWithValues: opened.calls.map { ($0.signature.name, $0) })
        signatures = calls.mapValues(\.signature)
    }

    /// Reads, compiles and warms a model on a thread that may block.
    public static func load(
        _ file: ServableFile, name: String? = nil, settings: Settings = Settings()
    ) async throws -> LoadedModel {
        try await blocking { try LoadedModel(file, name: name, settings: settings) }
    }

    /// Bytes of memory, estimated: the file's numbers as they are and once more as the processor wants them, and
    /// what passes through the layers.
    public var memory: Int {
        batchers.count * LoadedModel.memory(ofFiles: fileBytes) + calls.values.reduce(0) { $0 + $1.laterMemory }
    }

    static func memory(ofFiles bytes: Int) -> Int { 2 * bytes + 32 << 20 }

    /// Outputs beyond the usual that this model can give.
    public var offeredExtras: Extras {
        calls.values.lazy.compactMap { $0 as? ImageCall }.first?.offeredExtras ?? []
    }

    /// What the numbers are computed in.
    public let precision: CompiledModel.Options.Precision

    /// Instances that are taken and not answered.
    public var load: Int { batchers.reduce(0) { $0 + $1.load } }

    /// One for each network: calls of one network share it.
    private var batchers: [MicroBatcher] {
        Array(
            Dictionary(calls.values.map { (ObjectIdentifier($0.batcher), $0.batcher) }) { first, _ in first }
                .values)
    }

    /// Computes the outputs for some instances.
    ///
    /// - Parameters:
    ///   - inputs: by name, the instances along the first index of each.
    ///   - signature: nil for the only one, or `serving_default`.
    ///   - isAlone: never joined with others' instances, so that the numbers do not depend on who else asks.
    ///   - deadline: when the caller stops waiting.
    /// - Returns: by name, with as many instances.
    /// - Throws: ``ServingError`` with the input, and where it can be told the instance, that is wrong.
    public func predict(
        _ inputs: [String: ServedTensor], signature: String? = nil, extras: Extras = [], isAlone: Bool = false,
        deadline: ContinuousClock.Instant? = nil
    ) async throws -> [String: ServedTensor] {
        guard !extras.contains(.nearest) else {
            throw ServingError(
                .unavailableExtra, model: self.name, field: "extras",
                "no table of known cases is attached here, so that there is no nearest",
                remedy: "Leave nearest out, or start the server with --cases MODEL=TABLE and use :predict.")
        }
        guard !extras.contains(.card) else {
            throw ServingError(
                .unavailableExtra, model: self.name, field: "extras", "there are no answer cards here",
                remedy: "Ask for card with :predict, and send image_bytes.")
        }
        let call = try call(signature)
        let rows = try call.signature.rows(of: inputs)
        return try await call.batcher.withPlaces(rows) {
            try await call.predict(inputs, rows: rows, extras: extras, isAlone: isAlone, deadline: deadline)
        }
    }

    /// Computes the outputs for a request.
    public func predict(
        _ request: PredictRequest, deadline: ContinuousClock.Instant? = nil
    ) async throws -> [String: ServedTensor] {
        try await predict(
            request.inputs, signature: request.signature, extras: request.extras, deadline: deadline)
    }

    private func call(_ name: String?) throws -> any ServedCall {
        if let name {
            if let call = calls[name] { return call }
        } else if calls.count == 1 {
            return calls.first!.value
        } else if let call = calls[ServedSignature.defaultName] {
            return call
        }
        throw ServingError(
            .unknownSignature, model: self.name, "the model has no signature of this name",
            remedy: "It has \(calls.keys.sorted().joined(separator: ", ")).")
    }
}

/// One signature of a model, ready to be called.
protocol ServedCall: Sendable {
    var signature: ServedSignature { get }
    var batcher: MicroBatcher { get }
    /// Bytes that came to be after loading.
    var laterMemory: Int { get }

    /// - Parameters:
    ///   - inputs: checked against the signature.
    ///   - isAlone: see ``LoadedModel/predict(_:signature:extras:isAlone:deadline:)``.
    func predict(
        _ inputs: [String: ServedTensor], rows: Int, extras: Extras, isAlone: Bool,
        deadline: ContinuousClock.Instant?
    ) async throws -> [String: ServedTensor]
}

extension ServedCall {
    var laterMemory: Int { 0 }
}

extension ServedSignature {
    /// Holds arrays against the inputs and gives the number of instances.
    func rows(of values: [String: ServedTensor]) throws -> Int {
        for name in values.keys where input(name) == nil { throw unexpected(name) }
        var rows: Int?
        for port in inputs {
            guard let value = values[port.name] else {
                if port.isOptional { continue }
                throw missing(port)
            }
            guard value.type == port.type else {
                throw ServingError(
                    .wrongType, field: port.name, "it has the type \(value.type.rawValue)",
                    remedy: "Send \(port.type.rawValue).")
            }
            let isFitting =
                value.shape.count == port.shape.count
                && zip(value.shape, port.shape).allSatisfy { $1 == nil || $0 == $1 }
            guard isFitting, !value.shape.contains(0) else {
                throw ServingError(
                    .wrongShape, field: port.name, "its shape is \(value.shape)",
                    remedy: "Send \(port.shapeText), one instance at least.")
            }
            let count = value.rows ?? 1
            guard rows == nil || rows == count else {
                throw ServingError(
                    .wrongShape, field: port.name, "it has \(count) instances, another input has \(rows ?? 0)",
                    remedy: "Send as many of each.")
            }
            rows = count
        }
        return rows ?? 1
    }
}
