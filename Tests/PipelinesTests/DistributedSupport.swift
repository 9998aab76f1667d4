import Features
import Foundation
import Imaging
import LightboxCore
import Networks
import Pipelines
import Synchronization
import TestSupport

/// An engine of one worker in this process.
struct InProcessEngine: TaskEngine {
    /// Done before the worker begins, and behind it.
    var before: @Sendable (EngineJob) throws -> Void = { _ in }
    var after: @Sendable (EngineJob) throws -> Void = { _ in }

    func check() {}

    func run(_ job: EngineJob) throws {
        try before(job)
        try job.tick(nil)
        let answers = try serve(job.manifest, stage: job.stage, run: job.run)
        if let error = answers.lazy.compactMap(\.error).first { throw EngineError(error) }
        try after(job)
        try job.tick(nil)
    }
}

/// What a test reads of an answer.
struct ReadAnswer: Decodable {
    var number: Int?
    var error: String?
}

/// The answers of a worker in this process to the lines of a file.
func serve(_ path: String, stage: String, run: String? = nil, failed: Int? = nil) throws -> [ReadAnswer] {
    let output = path + ".answers-" + UUID().uuidString
    defer { unlink(output) }
    let (input, answers) = (open(path, O_RDONLY), open(output, O_WRONLY | O_CREAT, 0o600))
    defer {
        close(input)
        close(answers)
    }
    let count = try Worker(stage: stage, run: run).serve(input: input, output: answers) { _ in }
    let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    let read = try lines.map { try JSONDecoder().decode(ReadAnswer.self, from: Data($0.utf8)) }
    precondition(count == read.filter { $0.error != nil }.count)
    return read
}

/// Forty pictures, one of them under a name that lines and shells break at, and two files that are none.
func withHostilePictures(_ body: (_ folder: String, StageContext) throws -> Void) throws {
    try withTemporaryFolder { folder in
        var random = SeededGenerator(seed: 9)
        let pictures = folder + "/in"
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for index in 0..<40 {
            let samples = (0..<20 * 30 * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let image = Image(width: 30, height: 20, channels: 3, samples: .uint8(samples))
            let name = index == 3 ? "3 a\nb\r\u{2028}\u{85} 'c' \"d\" \\N \u{1} ${HOME} ä😀" : "\(index)"
            try AtomicFile.write(PNG.encode(image), to: "\(pictures)/\(name).png")
        }
        try AtomicFile.write(Array("no picture".utf8), to: pictures + "/21\nbroken.png")
        try AtomicFile.write([UInt8](), to: pictures + "/5empty.png")
        let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
        try context.home.create()
        try body(folder, context)
    }
}

func tinyStage() -> EmbedStage {
    var extractor = ExtractorConfiguration(.untrained("tiny"))
    extractor.precision = .float32
    return EmbedStage(extractor: extractor)
}

/// Embeds the pictures in `folder/in` into `folder/place/v.jsonl`, spread where an engine is given.
func embed(_ folder: String, _ place: String, _ context: StageContext, _ engine: (any TaskEngine)?) throws {
    var context = context
    context.distribution = engine.map { Distribution(engine: $0) }
    context.distribution?.imagesPerTask = 8
    _ = try tinyStage().run(
        ImageInput(folder + "/in"), output: .jsonLines(path: "\(folder)/\(place)/v.jsonl"), context)
}

/// The bytes of every file below a folder, by name.
func contents(of folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileTree.files(below: folder) {
        files[String(path.dropFirst(folder.count))] = FileManager.default.contents(atPath: path)
    }
    return files
}
