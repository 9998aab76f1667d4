import Catalog
import Evaluation
import Figures
import Foundation
import LightboxCore
import ModelRegistry
import Serving
import WebPages
import WireFormats

/// A page that is written when it is looked at.
struct Sample {
    let name: String
    private let write: () -> String
    var html: String { write() }

    init(_ name: String, _ write: @autoclosure @escaping () -> String) {
        self.name = name
        self.write = write
    }
}

/// Made-up models, versions and jobs. Their free texts hold `words`, so that tests can put anything there.
struct Samples {
    var words = "Frontal and lateral films"

    static let labels = [
        "atelectasis", "cardiomegaly", "consolidation", "edema", "pleural_effusion", "pneumonia", "pneumothorax",
        "support_devices",
    ]
    private let time = Date(timeIntervalSince1970: 1_790_000_000)

    /// A value of a type whose initializer only its own module has, from its coded form.
    private func decoded<Value: Decodable>(_ value: JSONValue) -> Value {
        do {
            let decoder = JSONDecoder()
            return try decoder.decode(Value.self, from: Data(try value.serialized()))
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private func json(_ value: some Encodable) -> JSONValue {
        do {
            return try JSONValue(parsing: String(decoding: JSONEncoder().encode(value), as: UTF8.self))
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private var date: JSONValue { json([time]).elements?.first ?? .null }

    private func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        .object(members.map { JSONMember($0.key, $0.value) })
    }

    // MARK: Models

    func version(
        _ name: String = "v1", state: String = "ready", isDefault: Bool = true, model: String = "chest"
    ) -> ModelVersion {
        var settings = ModelVersion.Settings(source: "/data/runs/\(words)")
        settings.description = words
        settings.labels = ["team": words]
        let files = [
            HashedFile(name: "model.json", bytes: 5120, sha256: ContentHash(of: [1])),
            HashedFile(name: "model.onnx", bytes: 28_311_552, sha256: ContentHash(of: [2])),
            HashedFile(name: words, bytes: 12, sha256: ContentHash(of: [3])),
        ]
        return decoded(
            object([
                "model": .string(model), "name": .string(name), "settings": json(settings),
                "state": .string(state),
                "isDefault": .bool(isDefault), "created": date, "lastUsed": date,
                "errorMessage": .string(state == "failed" ? "The file \(words) is damaged." : ""),
                "etag": .string("e"), "creator": .string(words), "files": json(files),
            ]))
    }

    func model(_ name: String = "chest", hasVersion: Bool = true) -> Model {
        var members: [JSONMember] = [
            JSONMember("name", .string(name)),
            JSONMember("settings", json(Model.Settings(description: words, labels: ["team": words]))),
            JSONMember("created", date), JSONMember("etag", .string("e")),
        ]
        if hasVersion { members.append(JSONMember("defaultVersion", json(version(model: name)))) }
        return decoded(.object(members))
    }

    var output: ModelOutput {
        var output = ModelOutput.states(Self.labels + [words])
        for (number, label) in Self.labels.enumerated() { output.thresholds[label] = 0.2 + 0.05 * Double(number) }
        output.temperature = 1.31
        return output
    }

    var manifest: ModelManifest {
        var manifest = ModelManifest(
            name: "chest", description: words, architecture: .file(name: "model.onnx"),
            preprocessing: Preprocessing(height: 320, width: 320, channels: 3, scaling: .imageNetStandardised),
            output: output,
            provenance: .init(
                lightbox: "0.3", created: time, creator: words, pretrainedWeights: ContentHash(of: [4])))
        manifest.metrics = object([
            "step": .integer(4800), "loss": .number(0.2871), "meanAUC": .number(0.871),
            "areas": .numbers(output.labels.indices.map { 0.91 - 0.013 * Double($0) }),
        ])
        manifest.training = object([
            "batchSize": .integer(32), "epochs": .integer(6), "augment": .bool(true), "note": .string(words),
            "optimizer": object(["name": .string("adam"), "learningRate": .number(1e-4)]),
        ])
        manifest.data = .init(sha256: ContentHash(of: [5]), counts: ["train": 222_750, "validate": 1808])
        return manifest
    }

    var signature: ServedSignature {
        ServedSignature(
            inputs: [
                ServedPort(name: "image_bytes", type: .string, shape: [nil]),
                ServedPort(name: "key", type: .string, shape: [nil], isOptional: true),
            ],
            outputs: [ServedPort(name: words, type: .float32, shape: [nil, 9])])
    }

    var evaluation: ModelEvaluation {
        var settings = EvaluationSettings()
        settings.bootstrap = nil
        let data = Self.labels.prefix(4).enumerated().map { number, label in
            var random = SeededGenerator(seed: 5, stream: label)
            let truths = (0..<300).map { _ in random.uniform() < 0.3 }
            let scores = truths.map { truth -> Double in
                let shift = truth ? 0.3 - 0.03 * Double(number) : 0
                return 0.1 + shift + 0.5 * random.uniform()
            }
            return LabelledScores(label: label, scores: scores, truths: truths)
        }
        return ModelEvaluation(model: "chest", dataSet: words, data, settings: settings)
    }

    func facts(isEvaluated: Bool = false, state: String = "ready") -> VersionFacts {
        VersionFacts(
            version(state: state, isDefault: false), manifest: manifest, signatures: [signature],
            evaluation: isEvaluated ? evaluation : nil)
    }

    var choices: [PredictChoice] {
        [
            PredictChoice(model: "chest", version: nil, output, hasCases: true),
            PredictChoice(model: "chest", version: "v2", output),
            PredictChoice(model: words, input: words),
        ]
    }

    // MARK: Jobs

    func job(_ id: String = "nightly_films", state: String = "running", training: Bool = false, done: Int = 1234)
        -> Job
    {
        var progress = Job.Progress()
        progress.completed = done
        progress.errors = 3
        progress.total = training ? nil : 5000
        progress.seconds = 42
        progress.detail = words
        var work = TrainingWork(module: "lightbox.train.classifier", arguments: ["--note", words])
        work.folder = "gs://runs/\(words)"
        let prediction = PredictionWork(
            target: .model("chest", version: nil), format: .tfRecord, inputs: ["gs://films/\(words)/*.tfrecord"],
            output: "gs://films/predictions")
        return decoded(
            object([
                "id": .string(id), "labels": object(["team": .string(words)]),
                "work": json(training ? Job.Work.training(work) : .prediction(prediction)),
                "state": .string(state), "created": date, "started": date,
                "errorMessage": .string(state == "failed" ? "Record 7 of \(words) is damaged." : ""),
                "progress": json(progress), "attempts": .integer(2), "etag": .string("e"),
                "creator": .string(words),
            ]))
    }

    /// Every kind of work on DICOM stores.
    var archiveJobs: [Job] {
        var copy = ArchiveWork.Deidentification(dataset: "open")
        copy.store = words
        let actions: [ArchiveWork.Action] = [
            .createDataset, .deleteStudy, .deleteSeries, .importFiles(from: "gs://films/\(words)/**.dcm"),
            .exportFiles(.init(folder: "gs://films/\(words)")), .exportTable(.init(table: words)),
            .deidentify(copy),
        ]
        return actions.enumerated().map { number, action in
            var progress = Job.Progress()
            (progress.completed, progress.errors, progress.total) = (7, 1, 20)
            let work = ArchiveWork(dataset: "d", store: number == 0 ? nil : words, action)
            return decoded(
                object([
                    "id": .string("archive_\(number)"), "labels": object([:]),
                    "work": json(Job.Work.archive(work)), "state": .string(number == 3 ? "running" : "succeeded"),
                    "created": date, "errorMessage": .string(""), "progress": json(progress),
                    "attempts": .integer(1), "etag": .string("e"), "creator": .string(words),
                ]))
        }
    }

    func lines(_ numbers: ClosedRange<Int> = 1...4) -> [JobLogLine] {
        numbers.map { number in
            decoded(
                object([
                    "number": .integer(Int64(number)), "time": date,
                    "severity": .string(number % 3 == 0 ? "warning" : number % 4 == 0 ? "error" : "info"),
                    "text": .string("\(number): \(words)"),
                ]))
        }
    }

    var history: TrainingHistory {
        TrainingHistory(
            (1...12).map { epoch in
                let time = Double(epoch)
                let fall = exp(-time / 3)
                var row = TrainingHistory.Row(step: 400 * epoch, meanAUC: 0.88 - 0.3 * fall)
                row.trainingLoss = 0.6 * exp(-time / 5) + 0.1
                row.validationLoss = 0.6 * fall + 0.17 + 0.004 * time
                return row
            })
    }

    var counts: Pages.LabelCounts {
        func values(_ scale: Double) -> [[Double]] {
            let rows = Self.labels.indices.map { label -> [Double] in
                let uncertain = Double(400 * (label % 3))
                let positive = Double(1200 + 300 * (label % 5))
                return [9000 * scale, 700 * scale, uncertain * scale, positive * scale]
            }
            return rows + [[1, 2, 3, 4]]
        }
        let chart = GroupedBarChart(
            title: words, categories: Self.labels + [words],
            groups: ["not mentioned", "negative", "uncertain", "positive"],
            panels: [.init("train", values(22)), .init("valid", values(1)), .init(words, values(2))],
            valueName: "images")
        return Pages.LabelCounts(tables: ["labels", words], chosen: "labels", chart: chart, remark: words)
    }

    // MARK: Pages

    /// Every kind of page, by a name of its own.
    func pages(_ pages: Pages = Pages(isSignedIn: true)) -> [Sample] {
        let models = [model(), model("flowers", hasVersion: false)]
        let jobs = [job(), job("epochs", state: "succeeded", training: true), job("broken", state: "failed")]
        func overview(_ models: [Model]) -> Pages.Overview {
            Pages.Overview(models: models, jobs: jobs, address: "http://127.0.0.1:8080", version: "0.3 \(words)")
        }
        return [
            Sample("home", pages.home(overview(models))), Sample("home-empty", pages.home(overview([]))),
            Sample("predict", pages.predict(choices)), Sample("predict-empty", pages.predict([])),
            Sample("models", pages.models(models, next: words)), Sample("models-empty", pages.models([])),
            Sample(
                "model",
                pages.model(
                    model(),
                    versions: [
                        version(), version("v2", isDefault: false),
                        version("v3", state: "failed", isDefault: false),
                    ])),
            Sample("model-empty", pages.model(model("flowers", hasVersion: false), versions: [])),
            Sample("version", pages.version(facts())),
            Sample("version-evaluated", pages.version(facts(isEvaluated: true))),
            Sample("version-failed", pages.version(VersionFacts(version(state: "failed")))),
            Sample("jobs", pages.jobs(jobs, next: words)), Sample("jobs-empty", pages.jobs([])),
            Sample("job", pages.job(job(), log: lines())),
            Sample("job-failed", pages.job(job(state: "failed"), log: [])),
            Sample("job-training", pages.job(job(training: true), log: lines(), curves: history)),
            Sample("jobs-archive", pages.jobs(archiveJobs)),
            Sample("job-archive", pages.job(archiveJobs[3], log: lines())),
            Sample("job-archive-copy", pages.job(archiveJobs[6], log: [])),
            Sample("labels", pages.labels(counts)), Sample("labels-empty", pages.labels(.init(tables: []))),
            Sample("stores", pages.stores([store])), Sample("stores-empty", pages.stores([])),
            Sample("studies", pages.studies(studies)),
            Sample("studies-empty", pages.studies(.init(place: store.place, studies: []))),
            Sample("study", pages.study(view)),
            Sample("study-pictureless", pages.study(.init(place: store.place, study: study, series: []))),
            Sample("instance", pages.instance(instance)),
            Sample("maps", pages.maps([mapSummary])), Sample("maps-empty", pages.maps([])),
            Sample("map", pages.map(mapView)),
            Sample("problem", pages.problem(status: 404, words)),
            Sample("sign-in", pages.signIn(next: words, hasFailed: true)),
        ]
    }
}
