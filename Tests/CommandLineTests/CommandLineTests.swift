import ArgumentParser
import Testing
import lightbox

@Suite("Command line") struct CommandLineTests {
    @Test(
        "Every command parses",
        arguments: [
            "demo --dicom scans", "dicom import a b --store s", "dicom metadata --store d/s --table t --append",
            "dicom export --store s --to out --format jpeg --window 40,400", "dicom show f.dcm --hide-values",
            "records write --images i --output o --shape 299,299,3 --shards 4 --gzip", "records show o",
            "records split l.csv --output o", "embed --network xception --input i --output o.jsonl",
            "load v.jsonl --table t --truncate", "query --format csv", "networks --json",
            "doctor --home /tmp/h --quiet",
        ])
    func parses(line: String) throws {
        _ = try Lightbox.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(
        "Every command teaches with an example",
        arguments: [
            "demo", "dicom import", "dicom metadata", "dicom export", "dicom show", "records write",
            "records show",
            "records split", "embed", "load", "query", "networks", "weights pull", "phantoms", "doctor",
        ])
    func teaches(command: String) throws {
        var help = try Lightbox.parseAsRoot(command.split(separator: " ").map(String.init) + ["--help"])
        var text = ""
        do { try help.run() } catch { text = Lightbox.fullMessage(for: error) }
        // Once in the usage, at least once more in an example.
        #expect(text.split(separator: "\n").filter { $0.contains("lightbox \(command)") }.count >= 2)
    }
}
