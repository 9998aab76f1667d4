import Foundation
import LightboxCore
import ObjectStorage
import TestSupport
import Testing
import WireFormats

@Suite("Signature of S3 requests") struct RequestSignatureTests {
    @Test("Signs as botocore does")
    func asBotocore() throws {
        let cases = try JSONValue(parsing: Bytes(MappedFile(path: reference("object-storage/signatures.json"))))
        let date = try #require(Timestamp.iso("2026-11-21T14:05:09Z"))
        for item in try #require(cases.elements) {
            func text(_ name: String) -> String { item[name]?.string ?? "" }
            func pairs(_ name: String) -> [HTTPHeader] {
                item[name]?.members?.map { HTTPHeader($0.name, $0.value.string ?? "") } ?? []
            }
            let body = text("body")
            let key = AWSCredentials(
                accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                sessionToken: item["token"]?.string)
            let request = HTTPRequest(
                text("method"), "", headers: pairs("headers"), body: body.isEmpty ? nil : Bytes(body.utf8))
            let signed = RequestSignature(key, region: text("region")).signed(
                request, host: text("host"), path: PercentEncoding.encode(text("path"), keepsSlashes: true),
                query: pairs("query"), at: date)
            #expect(signed.headers.first { $0.name == "Authorization" }?.value == text("authorization"))
            let query = RequestSignature.text(of: pairs("query"))
            #expect(text("url").hasSuffix(query))
        }
        #expect(cases.elements?.count == 7)
    }

    @Test("Keys are never printed")
    func secrecy() {
        let key = AWSCredentials(accessKey: "AKIDEXAMPLE", secretKey: "verysecret", sessionToken: "token")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key)\(String(reflecting: key))\(dumped)".contains("verysecret"))
    }

    @Test("Reads a profile of both files, the credentials first")
    func profile() {
        let credentials = """
            [default]
            aws_access_key_id = A
            aws_secret_access_key=B=/+
            [other]
            # comment
            aws_access_key_id = C
            aws_secret_access_key = D
            aws_session_token = E
            """
        let configuration = """
            [default]
            region = eu-west-1
            [profile other]
            region = us-west-2
            s3 =
              addressing_style = path
            endpoint_url = https://minio.example.org
            aws_access_key_id = WRONG
            [other]
            region = wrong
            """
        let first = AWSProfile(name: "default", credentials: credentials, configuration: configuration)
        #expect(first.credentials == AWSCredentials(accessKey: "A", secretKey: "B=/+"))
        #expect(first.values["region"] == "eu-west-1")
        let other = AWSProfile(name: "other", credentials: credentials, configuration: configuration)
        #expect(other.credentials == AWSCredentials(accessKey: "C", secretKey: "D", sessionToken: "E"))
        #expect(other.values["region"] == "us-west-2")
        #expect(other.values["endpoint_url"] == "https://minio.example.org")
        #expect(other.values["addressing_style"] == nil)
        #expect(AWSProfile(name: "none", credentials: credentials, configuration: "[").credentials == nil)
    }

    @Test("Takes keys from the environment before a profile, and says where it looked")
    func chain() throws {
        let nowhere = ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"]
        let error = #expect(throws: ObjectError.self) {
            try AWSCredentialChain(environment: nowhere).credentials()
        }
        #expect(error?.code == .noCredentials)
        let environment = nowhere.merging(
            ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_SESSION_TOKEN": "", "AWS_REGION": "r"]
        ) { $1 }
        let chain = AWSCredentialChain(environment: environment)
        #expect(try chain.credentials() == AWSCredentials(accessKey: "A", secretKey: "B"))
        #expect(chain.region == "r")
        let untrusted = nowhere.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.example.org/"]) {
            $1
        }
        let refused = #expect(throws: ObjectError.self) {
            try AWSCredentialChain(environment: untrusted).credentials()
        }
        #expect(refused?.code == .noCredentials)
    }
}
