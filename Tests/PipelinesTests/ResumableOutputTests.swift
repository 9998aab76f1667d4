import Foundation
import LightboxCore
import Pipelines
import TestSupport
import Testing

@Suite("Output that survives being killed") struct ResumableOutputTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("Goes on behind the last commit, and drops what came after it") func resumes() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/out"
            do {
                var output = try ResumableOutput(paths: [path], settings: "{}")
                try output.append(Array("one\n".utf8), to: 0)
                try output.commit(entries: 3, written: 1, problems: [.init(source: "b", reason: "broken")])
                try output.append(Array("lost".utf8), to: 0)
            }
            #expect(!exists(path))
            var output = try ResumableOutput(paths: [path], settings: "{}")
            // The output cannot be copied, which #expect would do with an expression on it.
            let (checkpoint, problems) = (output.checkpoint, output.earlierProblems)
            #expect(checkpoint.entries == 3)
            #expect(problems == [.init(source: "b", reason: "broken")])
            try output.append(Array("two\n".utf8), to: 0)
            try output.commit(entries: 4, written: 2, problems: [])
            try output.finish()
            #expect(try text(path) == "one\ntwo\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
        }
    }

    @Test("Starts anew when the settings are others") func otherSettings() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/out"
            do {
                var output = try ResumableOutput(paths: [path], settings: "a")
                try output.append(Array("old\n".utf8), to: 0)
                try output.commit(entries: 1, written: 1, problems: [])
            }
            let output = try ResumableOutput(paths: [path], settings: "b")
            let isResumed = output.isResumed
            #expect(!isResumed)
            try output.append(Array("new\n".utf8), to: 0)
            try output.finish()
            #expect(try text(path) == "new\n")
        }
    }

    @Test("Whatever length a torn journal has, the output is whole lines up to a commit")
    func tornJournal() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/out"
            do {
                var output = try ResumableOutput(paths: [path], settings: "s")
                for number in 1...5 {
                    try output.append(Array("\(number)\n".utf8), to: 0)
                    try output.commit(entries: number, written: number, problems: [])
                }
            }
            let journal = try Data(contentsOf: URL(fileURLWithPath: path + ".journal"))
            let part = try Data(contentsOf: URL(fileURLWithPath: path + ".part"))
            for length in 0...journal.count {
                try journal.prefix(length).write(to: URL(fileURLWithPath: path + ".journal"))
                try part.write(to: URL(fileURLWithPath: path + ".part"))
                let output = try ResumableOutput(paths: [path], settings: "s")
                let kept = try text(path + ".part")
                let entries = output.checkpoint.entries
                #expect(kept == (1...5).prefix(entries).map { "\($0)\n" }.joined())
            }
        }
    }
}
