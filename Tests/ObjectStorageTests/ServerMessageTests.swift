import Foundation
import ObjectStorage
import Testing
import WireFormats

@Suite("Answers of object storage") struct ServerMessageTests {
    @Test("Reads a list of S3")
    func list() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- a list --><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated>
            <Contents><Key>a &amp; b&#x2F;&#252;&lt;.png</Key><Size>12</Size><ETag>&quot;e&quot;</ETag></Contents>
            <Contents><Key><![CDATA[c<d]]></Key><Size>0</Size></Contents><CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>
            <NextContinuationToken>t==</NextContinuationToken></ListBucketResult>

            """
        let page = try ObjectPage(s3: XMLElement(parsing: Array(text.utf8)))
        #expect(page.objects.map(\.key) == ["a & b/ü<.png", "c<d"])
        #expect(page.objects.map(\.facts) == [ObjectFacts(size: 12, etag: "\"e\""), ObjectFacts(size: 0)])
        #expect(page.folders == ["x/"])
        #expect(page.next == "t==")
    }

    @Test(
        "Refuses hostile XML",
        arguments: [
            "", "<", "<a", "<a>", "<a></b>", "<a/><b/>", "<a>&lt</a>", "<a>&unknown;</a>", "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a>&#-1;</a>", "<a b></a>", "<a b=c></a>", "<a b='c></a>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a><![CDATA[x</a>", "<a><!-- </a>", "text", "<a>\u{0}</a", "</a>", "<a/>x", "<a><>x</></a>",
            String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40),
            "<" + String(repeating: "n", count: 300) + "/>",
        ])
    func hostileXML(text: String) {
        #expect(throws: XMLProblem.self) { try XMLElement(parsing: Array(text.utf8)) }
    }

    @Test("Bounds the size, the count and the encoding of XML")
    func bounds() {
        let many = Array(("<a>" + String(repeating: "<b/>", count: 100) + "</a>").utf8)
        #expect(throws: XMLProblem.tooLarge) { try XMLElement(parsing: many, maximumElements: 100) }
        #expect(throws: Never.self) { try XMLElement(parsing: many, maximumElements: 101) }
        #expect(throws: XMLProblem.tooLarge) { try XMLElement(parsing: many, maximumBytes: 100) }
        #expect(throws: XMLProblem.malformed) {
            try XMLElement(parsing: Array("<a>".utf8) + [0xff] + Array("</a>".utf8))
        }
    }

    @Test(
        "Refuses lists that say something else",
        arguments: [
            "<Error/>", "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        ])
    func wrongList(text: String) {
        #expect(throws: XMLProblem.self) { try ObjectPage(s3: XMLElement(parsing: Array(text.utf8))) }
    }

    @Test("Reads a list of Google's and refuses a wrong one")
    func google() throws {
        let text = """
            {"items": [{"name": "a/ü", "size": "3", "etag": "E", "generation": "17", "crc32c": "AAAAAQ=="}],
             "prefixes": ["x/"], "nextPageToken": "n"}
            """
        let page = try #require(ObjectPage(google: JSONValue(parsing: text)))
        #expect(
            page.objects == [
                ListedObject(key: "a/ü", facts: ObjectFacts(size: 3, etag: "E", version: "17", crc32c: 1))
            ])
        #expect(page.folders == ["x/"])
        #expect(page.next == "n")
        #expect(try ObjectPage(google: JSONValue(parsing: "{}")) == ObjectPage())
        for wrong in [
            #"{"items": [{"name": "a"}]}"#, #"{"items": [{"size": "1"}]}"#,
            #"{"items": [{"name": "a", "size": "-1"}]}"#,
        ] {
            #expect(try ObjectPage(google: JSONValue(parsing: wrong)) == nil)
        }
    }

    @Test(
        "Reads dates of headers",
        arguments: [
            ("Sat, 21 Nov 2026 14:05:09 GMT", 1_795_269_909.0), ("Sat, 21 Nov 2026 14:05:09 CET", nil), ("", nil),
            ("1 2 3", nil),
            ("Sat, 21 Foo 2026 14:05:09 GMT", nil),
        ])
    func dates(text: String, seconds: Double?) { #expect(Timestamp.http(text)?.timeIntervalSince1970 == seconds) }
}
