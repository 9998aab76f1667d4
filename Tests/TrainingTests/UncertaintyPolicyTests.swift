import Foundation
import LightboxCore
import Testing
import Training

@Suite("Uncertainty policy") struct UncertaintyPolicyTests {
    @Test(
        "Reads rules as typed",
        arguments: [
            ("ignore", UncertaintyPolicy.ignore), ("zeros", .zeros), ("ONES", .ones), ("hybrid", .hybrid),
            ("learned", .learned), ("u=0.4,w=0.75", UncertaintyPolicy(UncertaintyRule(u: 0.4, w: 0.75))),
            ("w=1,u=0", .zeros),
            (
                "hybrid Edema:u=1,w=0.5;pleural-effusion:learned",
                UncertaintyPolicy(
                    .hybrid,
                    perLabel: [
                        "edema": UncertaintyRule(u: 1, w: 0.5), "pleural_effusion": .learned,
                    ])
            ),
        ])
    func parses(text: String, policy: UncertaintyPolicy) throws {
        #expect(try UncertaintyPolicy(parsing: text) == policy)
        #expect(try UncertaintyPolicy(parsing: policy.description) == policy)
    }

    @Test(
        "Refuses what it cannot read",
        arguments: [
            "u=0.4", "w=0.4", "u=2,w=1", "u=-0.1,w=1", "u=nan,w=1", "u=1,w=1,u=1", "maybe", ":u=1,w=1", "a:b:c",
            "u=,w=",
        ])
    func refuses(text: String) {
        #expect(throws: TrainingError.self) { try UncertaintyPolicy(parsing: text) }
    }

    @Test("Gives each label its rule, in any spelling, and refuses an unknown label")
    func looksUp() throws {
        let policy = try UncertaintyPolicy(parsing: ["zeros", "pleural effusion:ones".replacing(" ", with: "-")])
        #expect(try policy.rules(for: ["edema", "Pleural Effusion"]) == [.zeros, .ones])
        let failure = #expect(throws: TrainingError.self) { try policy.rules(for: ["edema"]) }
        #expect(failure?.description.contains("pleural_effusion") == true)
    }

    @Test("Is one text in JSON")
    func codes() throws {
        let data = try JSONEncoder().encode(["uncertain": UncertaintyPolicy.hybrid])
        #expect(String(decoding: data, as: UTF8.self) == #"{"uncertain":"hybrid"}"#)
        #expect(try JSONDecoder().decode([String: UncertaintyPolicy].self, from: data)["uncertain"] == .hybrid)
    }
}
