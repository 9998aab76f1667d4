import Foundation
import TestSupport
import Testing

@Suite("Import layers", .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/python3"), "needs Python 3"))
struct CheckLayersTests {
    /// Runs scripts/check-layers on a made-up package: the imports of each file of `sources`, by path.
    private func check(_ targets: [(name: String, type: String, uses: [String])], _ sources: [String: String])
        throws
        -> (status: Int32, output: String)
    {
        try withTemporaryFolder { folder in
            for (path, text) in sources {
                let file = URL(fileURLWithPath: folder + "/" + path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            let description = targets.map { target in
                ["name": target.name, "type": target.type, "dependencies": target.uses.map { ["byName": [$0]] }]
            }
            try JSONSerialization.data(withJSONObject: ["targets": description])
                .write(to: URL(fileURLWithPath: folder + "/dump.json"))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            process.arguments = [
                repositoryRoot + "/scripts/check-layers", "--root", folder, "--dump", folder + "/dump.json",
            ]
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: output, as: UTF8.self))
        }
    }

    @Test("Accepts imports as declared") func accepts() throws {
        let result = try check(
            [("CZip", "system", []), ("Core", "regular", ["CZip"]), ("Top", "regular", ["Core"])],
            [
                "Sources/Core/A.swift": "import CZip\nimport Foundation\n",
                "Sources/Top/B.swift": "public import Core\n",
            ])
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("Names file and line of an import that is not declared") func undeclared() throws {
        let result = try check(
            [("Core", "regular", []), ("Middle", "regular", ["Core"]), ("Top", "regular", ["Middle"])],
            ["Sources/Top/B.swift": "// import Nothing\nimport Middle\n@preconcurrency import struct Core.Thing\n"]
        )
        #expect(result.status == 1)
        #expect(result.output.contains("Sources/Top/B.swift:3"))
        #expect(result.output.contains("Top imports Core"))
        #expect(!result.output.contains("Nothing"))
    }

    @Test("A layer cannot use one above it") func upwards() throws {
        let result = try check([("Low", "regular", ["High"]), ("High", "regular", [])], [:])
        #expect(result.output.contains("Low depends on High, which is declared below it"))
    }

    @Test("A C library has one importer, who keeps it to itself") func shims() throws {
        let result = try check(
            [("CZip", "system", []), ("A", "regular", ["CZip"]), ("B", "regular", ["CZip"])],
            ["Sources/A/A.swift": "public import CZip\n", "Sources/B/B.swift": "import CZip\n"])
        #expect(result.status == 1)
        #expect(result.output.contains("CZip has 2 importers"))
        #expect(result.output.contains("'public import CZip' shows C types"))
    }
}
