import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Home") struct HomeTests {
    let home = Home(path: "/data/light/../lightbox/")

    @Test(
        "Buckets of both kinds live in the home folder",
        arguments: [
            ("gs://my_bucket/a/b.dcm", "/data/lightbox/buckets/my_bucket/a/b.dcm"),
            ("s3://my-bucket//a", "/data/lightbox/buckets/my-bucket/a"),
            ("gs://bucket", "/data/lightbox/buckets/bucket"),
            ("gs://bucket/a/", "/data/lightbox/buckets/bucket/a/"),
            ("gs://b/**.dcm", "/data/lightbox/buckets/b/**.dcm"), ("file:///tmp/a%20b", "/tmp/a b"),
            ("x/y", "x/y"),
        ])
    func localPath(address: String, path: String) throws {
        #expect(try home.localPath(of: address) == path)
    }

    @Test(
        "Nothing leads out of a bucket",
        arguments: [
            ("gs://b/../c", HomeError.Code.leavesBucket), ("gs://b/a/../../c", .leavesBucket),
            ("gs://b/./c", .leavesBucket),
            ("gs://../c", .invalidName), ("gs:///c", .invalidName), ("s3://.b/c", .invalidName),
            ("ftp://b/c", .unknownScheme),
            ("file://host/c", .unknownScheme), ("gs://b%2f/c", .invalidName),
        ])
    func refuses(address: String, code: HomeError.Code) {
        let error = #expect(throws: HomeError.self) { try home.localPath(of: address) }
        #expect(error?.code == code)
    }

    @Test("Store and model names cannot climb") func names() throws {
        #expect(try home.dicomStore(dataset: "d", store: "s") == "/data/lightbox/dicom/d/s")
        #expect(try home.model("m", version: "v1") == "/data/lightbox/models/m/v1")
        #expect(throws: HomeError.self) { try home.dicomStore(dataset: "..", store: "s") }
        #expect(throws: HomeError.self) { try home.dicomStore(dataset: "d", store: "a/b") }
        #expect(throws: HomeError.self) { try home.dicomStore(dataset: "d", store: "") }
    }

    @Test("The default is LIGHTBOX_HOME, else .lightbox") func defaultPath() {
        #expect(Home.defaultPath(environment: ["LIGHTBOX_HOME": "/x", "HOME": "/h"]) == "/x")
        #expect(Home.defaultPath(environment: ["HOME": "/h"]) == "/h/.lightbox")
    }

    @Test("A source is a file, a folder or a pattern") func files() throws {
        try withTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            try home.create()
            try FileManager.default.createDirectory(
                atPath: home.buckets + "/b/d", withIntermediateDirectories: true)
            for name in ["b/1.dcm", "b/d/2.dcm", "b/d/[3].dcm"] {
                try AtomicFile.write([1], to: home.buckets + "/" + name)
            }
            func found(_ source: String) throws -> [String] { try home.files(at: source).map(home.address) }
            #expect(try found("gs://b/**.dcm") == ["gs://b/1.dcm", "gs://b/d/2.dcm", "gs://b/d/[3].dcm"])
            #expect(try found("s3://b/d") == ["gs://b/d/2.dcm", "gs://b/d/[3].dcm"])
            #expect(try found("gs://b/d/[3].dcm") == ["gs://b/d/[3].dcm"])
            #expect(throws: HomeError.self) { try home.files(at: "gs://b/*.png") }
            #expect(throws: HomeError.self) { try home.files(at: folder + "/none") }
        }
    }
}
