package import LightboxCore

/// A name and its value at the head of a request.
package struct HTTPHeader: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// What is asked of a server.
package struct HTTPRequest: Sendable {
    package var method = "GET"
    package var url: String
    package var headers: [HTTPHeader] = []
    /// nil for none; an empty one is sent as such.
    package var body: Bytes?

    package init(_ url: String, headers: [HTTPHeader] = []) { (self.url, self.headers) = (url, headers) }

    package init(_ method: String, _ url: String, headers: [HTTPHeader] = [], body: Bytes? = nil) {
        (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
    }
}

/// The head of what a server answers.
package struct HTTPHead: Sendable {
    package var status = 0
    /// By names in lower case; of two with one name the last.
    package var headers: [String: String] = [:]

    /// How many bytes come; nil when the server does not say.
    package var length: Int? { headers["content-length"].flatMap { Int($0) } }

    /// First byte, behind the last, and of how many, where the server sends a part.
    package var range: (bytes: Range<Int>, total: Int?)? {
        guard let text = headers["content-range"], text.hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/")
        let ends = (halves.first ?? "").split(separator: "-").map { Int($0) }
        guard halves.count == 2, ends.count == 2, let first = ends[0], let last = ends[1], first >= 0,
            last >= first,
            last < .max
        else { return nil }
        return (first..<(last + 1), Int(halves[1]))
    }
}

/// A whole answer with its body in memory.
package struct HTTPAnswer: Sendable {
    package var head: HTTPHead
    package var body: [UInt8]
    package var status: Int { head.status }
}
