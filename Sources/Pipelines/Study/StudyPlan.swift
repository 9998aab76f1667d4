import Datasets
import Foundation
import LightboxCore
import Networks
import Training
import WireFormats

/// What a study is made of: everything that decides its models' weights.
///
/// It is kept in the study's folder. A command that goes on with the study has to give the same.
struct StudyPlan: Codable, Hashable {
    struct View: Codable, Hashable {
        let view: String
        let trainingImages, heldOutImages: Int
        /// Fingerprints of who is in the parts and what is said of them.
        let training, heldOut: String
    }

    let network: String
    /// `random`, or what the weights begin with: the file's hash, or a model's folder.
    let weights: String
    let labels: [String]
    let views: [View]
    let policies: [String]
    let shape: String?
    let scaling: Preprocessing.Scaling?
    let pooling: Pooling
    let hiddenUnits: Int?
    let dropout: Float
    let augmentation: Augmentation
    let sampling: BatchSettings.Sampling
    let settings: TrainingSettings

    init(_ study: PolicyStudy, _ data: StudyData, _ context: StageContext) throws {
        let training = study.training
        network = training.network
        weights =
            try training.start.map { start in
                let path = try context.home.fetched(start)
                return (try? ContentHash(ofFile: path))?.description ?? path
            } ?? "random"
        labels = data.views.first?.sets.labels.names ?? []
        views = data.views.map { view, sets in
            View(
                view: view.name, trainingImages: sets.training.count, heldOutImages: sets.heldOut?.count ?? 0,
                training: sets.training.fingerprint.description,
                heldOut: sets.heldOut?.fingerprint.description ?? "")
        }
        policies = study.policies.map(\.description)
        shape = training.shape.map { "\($0.height),\($0.width),\($0.channels)" }
        (scaling, pooling, hiddenUnits) = (training.scaling, training.pooling, training.hiddenUnits)
        (dropout, augmentation, sampling) = (training.dropout, training.augmentation, training.sampling)
        var settings = training.settings
        // What each model has of its own, and what does not change the weights it ends with.
        settings.task = .labels(.ignore)
        settings.threads = nil
        (settings.checkpointSeconds, settings.shownImages) = (0, 0)
        self.settings = settings
    }

    /// `settings.batchSize was 8 and is 16 now` for everything that is not alike.
    func differences(from now: StudyPlan) throws -> [String] {
        let (old, new) = try (Self.leaves(self), Self.leaves(now))
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            let (before, after) = (old[name] ?? "not given", new[name] ?? "not given")
            guard before != after else { return nil }
            // Long digests tell nobody anything.
            return max(before.count, after.count) > 40 ? name : "\(name) was \(before) and is \(after) now"
        }
    }

    private static func leaves(_ plan: StudyPlan) throws -> [String: String] {
        var found: [String: String] = [:]
        func walk(_ value: JSONValue, _ name: String) {
            switch value {
            case .object(let members):
                for member in members { walk(member.value, name.isEmpty ? member.name : "\(name).\(member.name)") }
            case .array(let values) where values.contains { $0.string == nil }:
                for (index, value) in values.enumerated() { walk(value, "\(name)[\(index)]") }
            case .array(let values): found[name] = values.compactMap(\.string).joined(separator: " ")
            case .string(let text): found[name] = text
            case .numbers(let numbers): found[name] = numbers.map { "\($0)" }.joined(separator: " ")
            case .integer(let number): found[name] = "\(number)"
            case .number(let number): found[name] = "\(number)"
            case .bool(let flag): found[name] = "\(flag)"
            case .null: break
            }
        }
        walk(try JSONValue(encoding: plan), "")
        return found
    }
}

/// The file `study.json`: the plan, written before the first model, and the ranking once there is one.
struct StudyRecord: Codable {
    static let fileName = "study.json"

    var version = 1
    /// As they were typed.
    var images: String
    var heldOutImages: String?
    var plan: StudyPlan
    var ranking: StudyRanking?

    /// nil where there is none.
    init?(folder: String) throws {
        let path = folder + "/" + Self.fileName
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw InputError(
                .corrupt, "\(path) cannot be read. Give another --output, or pass --overwrite to begin anew.")
        }
    }

    init(_ study: PolicyStudy, _ plan: StudyPlan) {
        (images, heldOutImages) = (study.training.input.images, study.training.input.heldOutImages)
        self.plan = plan
    }

    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(self) + Data("\n".utf8), to: folder + "/" + Self.fileName)
    }
}
