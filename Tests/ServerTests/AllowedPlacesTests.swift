import Server
import Testing

@Suite("Places of images") struct AllowedPlacesTests {
    private let places = try! AllowedPlaces([
        "https://images.example.org/chest", "gs://open", "https://a.org:8443/",
    ])

    @Test(
        "Takes what lies below a place",
        arguments: [
            "https://images.example.org/chest/1.png", "HTTPS://IMAGES.example.org:443/chest/a/b.jpg?size=2",
            "https://a.org:8443/x", "gs://open/a/b.dcm",
        ])
    func takes(address: String) { #expect(places.address(address) != nil) }

    @Test(
        "Refuses all else",
        arguments: [
            "http://images.example.org/chest/1.png", "https://images.example.org/chests/1.png",
            "https://images.example.org/", "https://images.example.org.evil.org/chest/1.png",
            "https://user@images.example.org/chest/1.png", "https://images.example.org/chest/../x",
            "https://images.example.org/chest/%2e%2e/x", "https://images.example.org/chest\\x",
            "https://images.example.org/chest/1.png#x", "https://a.org/x", "gs://closed/a", "s3://open/a",
            "file:///etc/passwd", "/etc/passwd", "gs://open/../closed/a", "", "https://", "gs://open/a?b",
            "https://images.example.org/chest/\u{e9}.png",
        ])
    func refuses(address: String) { #expect(places.address(address) == nil) }

    @Test func withoutPlacesNothing() throws { #expect(try AllowedPlaces().address("https://a.org/x") == nil) }

    @Test func whatIsNoPlaceIsRefused() {
        for text in ["a.org", "http://a.org", "https://", "ftp://a"] {
            #expect(throws: ServerError.self) { try AllowedPlaces([text]) }
        }
    }

    @Test(
        "Private addresses are told from public ones",
        arguments: [
            ([127, 0, 0, 1], false), ([10, 1, 2, 3], false), ([172, 31, 0, 1], false), ([172, 32, 0, 1], true),
            ([192, 168, 1, 1], false), ([169, 254, 169, 254], false), ([100, 64, 0, 1], false),
            ([0, 0, 0, 0], false),
            ([224, 0, 0, 1], false), ([255, 255, 255, 255], false), ([8, 8, 8, 8], true),
            ([93, 184, 216, 34], true),
        ] as [([UInt32], Bool)])
    func tellsV4(parts: [UInt32], isPublic: Bool) {
        #expect(PublicAddress.isPublic(v4: parts.reduce(0) { $0 << 8 | $1 }) == isPublic)
    }

    @Test(
        "The same of the longer addresses",
        arguments: [
            ([0x2a, 0x00, 0x14, 0x50], true), ([0x26, 0x06, 0x47, 0x00], true), ([0xfe, 0x80, 0, 0], false),
            ([0xfc, 0, 0, 0], false), ([0, 0, 0, 0], false), ([0x20, 0x02, 0x7f, 0], false),
            ([0x20, 0x01, 0x0d, 0xb8], false), ([0x20, 0x01, 0, 0], false), ([0xff, 0x02, 0, 0], false),
        ] as [([UInt8], Bool)])
    func tellsV6(start: [UInt8], isPublic: Bool) {
        #expect(PublicAddress.isPublic(v6: start + [UInt8](repeating: 0, count: 12)) == isPublic)
    }
}
