import Datasets
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Label sets") struct LabelSetTests {
    @Test("The fourteen findings stand in the order of the records made from MIMIC-CXR") func chexpert() {
        #expect(
            LabelSet.chexpert14.names == [
                "no_finding", "enlarged_cardiomediastinum", "cardiomegaly", "airspace_opacity", "lung_lesion",
                "edema",
                "consolidation", "pneumonia", "atelectasis", "pneumothorax", "pleural_effusion", "pleural_other",
                "fracture", "support_devices",
            ])
        #expect(LabelSet.chexpert14.kind == .states)
        let columns = [
            "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture",
            "Lung Lesion", "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia",
            "Pneumothorax", "Support Devices",
        ]
        #expect(
            columns.map { LabelSet.chexpert14.index(of: $0) } == [8, 2, 6, 5, 1, 12, 4, 3, 0, 10, 11, 7, 9, 13])
        #expect(LabelSet.chexpert14.index(of: "Airspace Opacity") == 3)
        #expect(LabelSet.chexpert14.index(of: "rib") == nil)
    }

    @Test("Reads YAML with aliases") func yaml() throws {
        let text = """
            name: opacities
            kind: states
            labels:
              - edema
              - name: airspace_opacity
                aliases: [Lung Opacity, Airspace Opacity]
              - {name: effusion, column: Pleural Effusion}
            """
        let set = try LabelSet(yamlText: text, file: "l.yaml")
        #expect(set.name == "opacities" && set.kind == .states)
        #expect(set.names == ["edema", "airspace_opacity", "effusion"])
        #expect(set.index(of: "LUNG_OPACITY") == 1 && set.index(of: "pleural effusion") == 2)
        #expect(try JSONDecoder().decode(LabelSet.self, from: JSONEncoder().encode(set)) == set)
    }

    @Test(
        "An error names the line and the field",
        arguments: [
            ("name: a\nkind: states\nlabels: []\n", "line 3", "at least one"),
            ("name: a\nkind: many\nlabels: [x]\n", "line 2", "kind"),
            ("name: a\nlabels: [x]\n", "line 1", "kind"),
            ("name: a\nkind: states\nlabels:\n  - x\n  - alias: y\n", "line 5", "Unknown field"),
            ("name: a\nkind: states\nlabels:\n  - x\n  - X\n", "line 5", "share the name"),
            ("name: a\nkind: states\nlabels:\n  - x\n  - name: y\n    aliases: z\n", "line 6", "aliases"),
            ("name: a\nkind: states\nlabels: x\n", "line 3", "list"),
            ("name: a\nkind: states\nlabels:\n  - [x]\n", "line 4", "mapping"),
            ("name: a\nkind: states\ncolour: red\nlabels: [x]\n", "line 3", "Unknown field"),
            ("name: [a\n", "line", "YAML"), ("", "l.yaml", "mapping"),
        ]) func yamlErrors(text: String, place: String, remedy: String)
    {
        let error = failure { try LabelSet(yamlText: text, file: "l.yaml") }
        #expect(error?.code == .invalidLabels)
        #expect(error?.place.contains(place) == true, "\(error?.description ?? "no error")")
        #expect(error?.remedy.contains(remedy) == true, "\(error?.description ?? "no error")")
    }

    @Test("Reads a dict.txt: line number is the index") func dictionary() throws {
        try withTemporaryFolder { folder in
            try write("hugs\r\nnot-hugs\n\n", folder + "/dict.txt")
            let set = try LabelSet.named(folder + "/dict.txt")
            #expect(set.names == ["hugs", "not-hugs"] && set.kind == .classes && set.name == "dict")
            try write("a\n\nb\n", folder + "/gap.txt")
            #expect(failure { try LabelSet(dictionary: folder + "/gap.txt") }?.place.hasSuffix("line 2") == true)
            try write("a\nb\na\n", folder + "/twice.txt")
            #expect(failure { try LabelSet(dictionary: folder + "/twice.txt") }?.place.hasSuffix("line 3") == true)
        }
        #expect(try LabelSet.named("chexpert14") == .chexpert14)
        #expect(failure { try LabelSet.named("chexpert5") }?.code == .invalidLabels)
    }

    @Test("Whatever the text, it is a label set or an error") func fuzz() {
        let seed =
            "name: a\nkind: states\nlabels:\n  - x\n  - name: y\n    aliases: [z, \"w\"]\n  - &q {name: r}\n"
        var random = SeededGenerator(seed: 1)
        var accepted = 0
        for _ in 0..<2000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let signs = Array("[]{}:-&*?|>'\"\n #\t\u{1}aé".utf8)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = signs.randomElement(using: &random)!
                case 1: bytes.insert(signs.randomElement(using: &random)!, at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            do {
                let set = try LabelSet(yamlText: String(decoding: bytes, as: UTF8.self), file: "f")
                accepted += 1
                #expect(set.names.indices.allSatisfy { set.index(of: set.names[$0]) == $0 })
            } catch { #expect(error is DatasetError) }
        }
        #expect(accepted > 20)
    }
}
