public import Serving

/// A loaded model behind one of its signatures, for batch prediction.
///
/// Each instance is a request of its own, so that a bad one spoils no other; the model joins them.
public struct ServedBatchModel: BatchModel {
    private let model: LoadedModel
    private let signature: ServedSignature

    /// - Parameter name: of the signature; empty for the only one, or `serving_default`.
    /// - Throws: `ServingError` for a signature that the model does not have.
    public init(_ model: LoadedModel, signature name: String = "") throws {
        self.model = model
        let standing = name.isEmpty && model.signatures.count == 1 ? model.signatures.first?.value : nil
        guard let found = standing ?? model.signatures[name.isEmpty ? ServedSignature.defaultName : name] else {
            throw ServingError(
                .unknownSignature, model: model.name, "the model has no signature of this name",
                remedy: "It has \(model.signatures.keys.sorted().joined(separator: ", ")).")
        }
        signature = found
    }

    public func predict(_ instances: [BatchInstance]) async throws -> [BatchAnswer] {
        try await withThrowingTaskGroup(of: (Int, BatchAnswer).self) { group in
            for (index, instance) in instances.enumerated() {
                group.addTask { (index, try await answer(to: instance)) }
            }
            var answers = [BatchAnswer](repeating: .failure(""), count: instances.count)
            for try await (index, answer) in group { answers[index] = answer }
            return answers
        }
    }

    private func answer(to instance: BatchInstance) async throws -> BatchAnswer {
        while true {
            do {
                let request =
                    switch instance {
                    case .line(let line): try Instances.request(line: line, signature: signature)
                    case .record(let record): try Instances.request(record: record, signature: signature)
                    }
                return .prediction(try Instances.prediction(try await model.predict(request), row: 0, of: 1))
            } catch let error as ServingError where error.code == .overloaded {
                // Batches can wait; whoever asks online goes first.
                try await Task.sleep(for: .milliseconds(20))
            } catch let error as ServingError where ![.failed, .closed].contains(error.code) {
                return .failure(error.description)
            }
        }
    }
}
