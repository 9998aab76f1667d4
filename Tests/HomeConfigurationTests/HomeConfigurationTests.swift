import Foundation
import HomeConfiguration
import LightboxCore
import TestSupport
import Testing

@Suite("Settings of a home folder") struct HomeConfigurationTests {
    private func settings(_ toml: String, _ environment: [String: String] = [:]) throws -> HomeSettings {
        try settings(Array(toml.utf8), environment)
    }

    private func settings(_ bytes: [UInt8], _ environment: [String: String] = [:]) throws -> HomeSettings {
        try withTemporaryFolder { folder in
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/lightbox.toml"))
            return try HomeConfigurationReader(environment: environment).home(at: folder).settings
        }
    }

    @Test("Without a file and variables nothing is set, and nothing is made") func nothing() throws {
        try withTemporaryFolder { folder in
            let home = try HomeConfigurationReader(environment: [:]).home(at: folder + "/none")
            #expect(home.settings == HomeSettings() && home.settings.storage.gs.isLocal)
            #expect(!FileManager.default.fileExists(atPath: home.path))
        }
    }

    @Test("The file is read, the environment goes before it") func reads() throws {
        let text = """
            # where the tables are
            database = "postgres://ada@db/light?schema=a"   # a comment
            storage.gs.local = false

            [ storage . s3 ]\r
            endpoint = 'https://s3.example.org:9000'
            "region" = "eu-\\u0063entral"
            """
        let read = try settings(text)
        #expect(read.database == "postgres://ada@db/light?schema=a")
        #expect(
            read.storage.s3.endpoint == "https://s3.example.org:9000" && read.storage.s3.region == "eu-central")
        #expect(!read.storage.s3.isLocal && !read.storage.gs.isLocal && read.storage.s3.profile == nil)
        let other = try settings(
            text,
            [
                "LIGHTBOX_DATABASE": "postgresql://other/db", "LIGHTBOX_STORAGE_S3_LOCAL": "true",
                "LIGHTBOX_STORAGE_S3_REGION": "",
            ])
        #expect(other.database == "postgresql://other/db" && other.storage.s3.isLocal)
        #expect(other.storage.s3.region == "eu-central")
    }

    @Test("Files that servers share need a service; a cache has a size") func files() throws {
        let service = "[storage.s3]\nendpoint = 'http://127.0.0.1:9'\n"
        let read = try settings("files = 's3://lightbox/ward/a'\ncache = '20 GB'\n" + service)
        #expect(read.files == "s3://lightbox/ward/a" && read.cacheBytes == 20 << 30)
        let other = try settings(service, ["LIGHTBOX_FILES": "s3://b", "LIGHTBOX_CACHE": "500mb"])
        #expect(other.files == "s3://b" && other.cacheBytes == 500 << 20)
        for wrong in ["s3://", "s3://b/", "s3://b//c", "s3://b/../c", "/data", "http://h/b", "s3:b"] {
            #expect(throws: ConfigurationError.self) { try settings("files = '\(wrong)'\n" + service) }
        }
        let error = #expect(throws: ConfigurationError.self) { try settings("files = 'gs://b/c'\n" + service) }
        #expect(error?.description.contains("storage.gs.endpoint") == true)
        for wrong in ["", "20", "GB", "0 GB", "-1 GB", "9999999999999999999 GB", "5000 TB", "20 GBs"] {
            #expect(throws: ConfigurationError.self) {
                try settings("", ["LIGHTBOX_CACHE": wrong.isEmpty ? " " : wrong])
            }
            #expect(throws: ConfigurationError.self) { try settings("cache = '\(wrong)'") }
        }
        #expect(throws: ConfigurationError.self) { try settings("cache = 20") }
    }

    @Test(
        "An error names its line and what was meant",
        arguments: [
            ("a = 1\n", ":1", "There is no setting 'a'."),
            ("\n\ndatabse = 'x'", ":3", "Is it 'database'?"),
            ("[s3]\nendpoint = 'x'", ":2", "Is it 'storage.s3.endpoint'?"),
            ("database = 5", ":1", "database is a text, not a whole number."),
            ("[storage.gs]\nlocal = 'yes'", ":2", "storage.gs.local is true or false, not a text."),
            ("database = [\n'a',\n'b']", ":1", "not a list"),
            ("database = ''", ":1", "empty"), ("database = 'postgres://secret'x", ":1", "behind the value"),
            ("database = 'sqlite:secret'", "database", "postgres://"),
            ("database = 'postgres://a'\ndatabase = 'postgres://b'", ":2", "twice"),
            ("[storage.s3]\n[storage.s3]", ":2", "twice"), ("[[storage]]", ":1", "Arrays of tables"),
            ("storage = { s3 = 1 }", ":1", "Inline tables"),
            ("database = \"\"\"secret\"\"\"", ":1", "several lines"),
            ("database = 'secret", ":1", "does not end"), ("database = \"secret\n\"", ":1", "does not end"),
            ("database = \"\\q\"", ":1", "escape"), ("database = \"\\ud800\"", ":1", "no character"),
            ("database = 1979-05-27", ":1", "cannot be read"), ("database = 1e999", ":1", "cannot be read"),
            ("database", ":1", "'=' is missing"), ("= 1", ":1", "A key is missing"),
            ("[a", ":1", "']' is missing"),
            ("database =", ":1", "A value is missing"),
            ("storage.s3 = 1\nstorage.s3.region = 'x'", ":1", "below it"),
            ("x = [[[[[[[[[[[[[[[[[[[[", ":1", "too deep"), ("x = [1 2]", ":1", "goes on with"),
            ("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1", ":1", "over 16 parts"),
        ])
    func errors(toml: String, place: String, words: String) throws {
        let error = try #require(throws: ConfigurationError.self) { _ = try settings(toml) }
        #expect(error.place.hasSuffix(place) && error.problem.contains(words), "\(error)")
        #expect(!error.description.contains("secret"))
    }

    @Test("Hostile: damaged files are refused or read, and nothing traps") func damaged() throws {
        let text = Array("[storage.s3]\nlocal = true\nx = [1, \"\\u0041\", 'b', 2.5] # c\n".utf8)
        for position in text.indices {
            for byte: UInt8 in [0, 9, 10, 13, 34, 35, 39, 44, 46, 61, 91, 92, 93, 0xff] {
                var damaged = text
                damaged[position] = byte
                do { _ = try settings(damaged) } catch is ConfigurationError {}
            }
            do { _ = try settings(Array(text[..<position])) } catch is ConfigurationError {}
        }
        #expect(throws: ConfigurationError.self) { _ = try settings([UInt8](repeating: 10, count: 2 << 20)) }
        #expect(throws: ConfigurationError.self) {
            try HomeConfigurationReader(environment: ["LIGHTBOX_STORAGE_S3_LOCAL": "maybe"]).home(at: "/nowhere")
        }
    }

    @Test("A home never prints the database's password") func secrets() {
        let home = Home(path: "/h", settings: HomeSettings(database: "postgres://ada:geheim@db/x"))
        var dumped = ""
        dump(home, to: &dumped)
        for text in ["\(home)", String(reflecting: home), "\(home.settings)", dumped] {
            #expect(!text.contains("geheim"))
        }
    }
}
