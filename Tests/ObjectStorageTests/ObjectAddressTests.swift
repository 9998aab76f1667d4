import ObjectStorage
import Testing

@Suite("Object address") struct ObjectAddressTests {
    @Test(
        "Takes a key as it is written",
        arguments: [
            ("gs://b/a.png", ObjectName.Scheme.gs, "b", "a.png"), ("s3://my-b.1/a/b", .s3, "my-b.1", "a/b"),
            ("s3://b", .s3, "b", ""), ("s3://b/", .s3, "b", ""), ("gs://b/?x#y%20 z", .gs, "b", "?x#y%20 z"),
            ("s3://b//a//", .s3, "b", "/a//"), ("s3://b/жüé漢.dcm", .s3, "b", "жüé漢.dcm"),
            ("gs://b/...", .gs, "b", "..."),
        ])
    func object(text: String, scheme: ObjectName.Scheme, bucket: String, key: String) throws {
        let name = ObjectName(scheme, bucket: bucket, key: key)
        #expect(try ObjectAddress(text) == .object(name))
        #expect(try ObjectAddress(name.description) == .object(name))
    }

    @Test(
        "Knows paths and addresses of the web",
        arguments: [
            ("a/b.png", "a/b.png"), ("/a b", "/a b"), ("file:///a%20b", "/a b"), ("C:/x", "C:/x"),
            ("https://Example.org/A?q=%20&x=1", "https://example.org/A"), ("http://[::1]:80/", "http://[::1]:80/"),
            ("https://h/ü", "https://h/%C3%BC"), ("https://h", "https://h/"),
        ])
    func others(text: String, shown: String) throws { #expect(try ObjectAddress(text).description == shown) }

    @Test(
        "Refuses hostile addresses",
        arguments: [
            "", "a\0b", "gs://", "gs:///a", "s3://.b/a", "s3://b c/a", "s3://b/../a", "s3://b/a/..", "s3://b/./a",
            "gs://b?x/a",
            "gs://b/" + String(repeating: "k", count: 1025), "s3://" + String(repeating: "b", count: 223) + "/a",
            "ftp://h/a", "file://h/a", "file:///a%00b", "file:///a%2", "http://", "http://user:secret@h/",
            "http://h:0/",
            "http://h:99999/", "https://h/a b", "https://h/a\r\nX: y", "https://h/#a", "https://h/../a",
            "https://h/%2e%2E/a",
            "https://h\\x/", "https://[::1/", "https://:80/", "https://h/" + String(repeating: "k", count: 9000),
            "S3://b/a",
        ])
    func hostile(text: String) {
        let error = #expect(throws: ObjectError.self) { try ObjectAddress(text) }
        #expect(error?.code == .invalidAddress)
    }

    @Test("Never shows a query, which may hold a signature")
    func secretQuery() throws {
        #expect(!(try ObjectAddress("https://h/a?X-Amz-Signature=secret")).description.contains("secret"))
        let error = #expect(throws: ObjectError.self) { try ObjectAddress("https://h/a b?X-Amz-Signature=secret") }
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }
}
