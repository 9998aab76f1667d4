import Foundation
import LightboxCore
import SavedModels
import TestSupport
import Testing

private let forms = [
    "tf1-example", "tf1-example-resource", "tf1-keyed", "tf1-single", "tf1-plain", "tf2-mapped", "tf2-keras",
    "tf2-reads-file",
]

@Suite("SavedModel") struct SavedModelTests {
    @Test("Describes a model as TensorFlow's own tool does", arguments: forms)
    func describes(name: String) throws {
        let text = try String(contentsOfFile: reference("savedmodels/\(name).txt"), encoding: .utf8)
        let signatures = text.components(separatedBy: "The MetaGraph with tag set")[0]
        #expect(try savedModel(name).describe() == signatures)
    }

    @Test("Takes serving_default, or the only signature, when none is named")
    func choosesSignature() throws {
        #expect(try savedModel("tf2-mapped").signature().name == "serving_default")
        #expect(try savedModel("tf2-mapped").signatures.count == 4)
        let error = #expect(throws: SavedModelError.self) { try savedModel("tf1-plain").signature(named: "other") }
        #expect(error?.kind == .notFound && error?.description.contains("serving_default") == true)
    }

    @Test("A folder without a model says what to name")
    func refusesOtherFolders() throws {
        let error = #expect(throws: SavedModelError.self) { try SavedModel(path: reference("savedmodels")) }
        #expect(error?.code == .missingModel)
    }

    @Test("A link in place of the variables is refused")
    func refusesLinks() throws {
        try withTemporaryFolder { folder in
            let files = FileManager.default
            let source = reference("savedmodels/tf1-plain")
            try files.copyItem(atPath: source + "/saved_model.pb", toPath: folder + "/saved_model.pb")
            try files.createSymbolicLink(
                atPath: folder + "/variables", withDestinationPath: source + "/variables")
            let error = #expect(throws: SavedModelError.self) { try SavedModel(path: folder) }
            #expect(error?.code == .refusedOperation)
        }
    }

    @Test("Variables that are larger than their files are refused")
    func refusesMissingVariables() throws {
        try withTemporaryFolder { folder in
            let source = reference("savedmodels/tf1-plain")
            try FileManager.default.copyItem(
                atPath: source + "/saved_model.pb", toPath: folder + "/saved_model.pb")
            let error = #expect(throws: SavedModelError.self) { try SavedModel(path: folder).cut() }
            #expect(error?.code == .limitExceeded)
        }
    }

    @Test("A graph over the limits is refused")
    func holdsLimits() throws {
        var limits = SavedModelLimits()
        limits.graphBytes = 1000
        #expect(throws: SavedModelError.self) {
            try SavedModel(path: reference("savedmodels/tf2-keras"), limits: limits)
        }
        limits = SavedModelLimits()
        limits.nodes = 20
        let model = try SavedModel(path: reference("savedmodels/tf2-keras"), limits: limits)
        let error = #expect(throws: SavedModelError.self) { try model.cut() }
        #expect(error?.code == .limitExceeded)
    }

    /// Cutting and running a damaged graph may work or throw, and never ends the process.
    @Test("Damaged bytes end in an error or an answer", arguments: ["tf1-keyed", "tf2-mapped", "tf1-example"])
    func survivesDamage(name: String) throws {
        let path = reference("savedmodels/" + name)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/saved_model.pb")))
        let pair = try #require(try StoredAnswers.pairs(name, "serving_default").first)
        let inputs = pair.inputs.mapValues(\.tensor)
        var limits = SavedModelLimits()
        limits.tensorBytes = 1 << 24
        limits.steps = 20_000
        var random = SeededGenerator(seed: 7)
        var cuts = 0
        for _ in 0..<150 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
                default:
                    guard !bytes.isEmpty else { continue }
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
            }
            do {
                let plan = try SavedModel(Bytes(bytes), path: path, limits: limits).cut()
                cuts += 1
                _ = try plan.frontEnd.run(inputs)
            } catch is SavedModelError {}
        }
        #expect(cuts > 5)
    }
}
