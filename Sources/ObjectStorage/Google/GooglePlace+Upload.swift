import Foundation
public import LightboxCore
import WireFormats

/// Uploads carry their checksum: what arrives otherwise is refused before it is visible.
extension GooglePlace {
    private func uploadPath(of name: ObjectName) -> String {
        "/upload/storage/v1/b/\(PercentEncoding.encode(name.bucket))/o"
    }

    private func resource(_ name: ObjectName, crc32c: UInt32) throws -> [UInt8] {
        try JSONValue.object([
            JSONMember("name", .string(name.key)), JSONMember("crc32c", .string(crc32c.base64)),
            JSONMember("contentType", .string("application/octet-stream")),
        ]).serialized()
    }

    public func write(_ bytes: Bytes, to name: ObjectName) throws {
        let crc = bytes.withUnsafeBytes { CRC32C.of($0) }
        let mark = "lightbox-\(ContentHash(of: name.key.utf8).description.prefix(16))-\(UUID().uuidString)"
        var body = Array("--\(mark)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".utf8)
        body += try resource(name, crc32c: crc)
        body += Array("\r\n--\(mark)\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
        bytes.withUnsafeBytes { body += $0 }
        body += Array("\r\n--\(mark)--\r\n".utf8)
        let answer = try send(
            "POST", uploadPath(of: name), of: name,
            query: [HTTPHeader("uploadType", "multipart"), HTTPHeader("name", name.key)],
            headers: [HTTPHeader("Content-Type", "multipart/related; boundary=\(mark)")], body: Bytes(body))
        try check(answer, of: name, size: bytes.count, crc32c: crc)
    }

    public func write(_ file: FileParts, to name: ObjectName, progress: (Int) -> Void) throws {
        guard file.size > partBytes else {
            try write(file.bytes(0..<file.size), to: name)
            return progress(file.size)
        }
        let crc = try file.crc32c()
        let begun = try send(
            "POST", uploadPath(of: name), of: name,
            query: [HTTPHeader("uploadType", "resumable"), HTTPHeader("name", name.key)],
            headers: [
                HTTPHeader("Content-Type", "application/json; charset=UTF-8"),
                HTTPHeader("X-Upload-Content-Length", String(file.size)),
                HTTPHeader("X-Upload-Content-Type", "application/octet-stream"),
            ], body: Bytes(resource(name, crc32c: crc)))
        guard let location = begun.head.headers["location"], let session = session(location) else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server does not begin an upload.")
        }
        do {
            let answer = try fill(session, from: file, name, progress)
            try check(answer, of: name, size: file.size, crc32c: crc)
        } catch {
            _ = try? http.send(at: name.description) { _ in HTTPRequest("DELETE", session) }
            throw error
        }
    }

    /// The upload's address: on this server, since what comes next is meant for it.
    private func session(_ location: String) -> String? {
        guard let session = try? WebAddress(location), let own = try? WebAddress(origin) else { return nil }
        // Emulators name themselves as they please, within this machine.
        let names = ["http://localhost:", "http://127.0.0.1:", "http://0.0.0.0:", "http://[::1]:"]
        if own.origin != session.origin, names.contains(where: own.origin.hasPrefix),
            names.contains(where: session.origin.hasPrefix)
        {
            return own.origin + session.url.dropFirst(session.origin.count)
        }
        return session.origin == own.origin ? session.url : nil
    }

    /// Sends part after part; what the server has of them it tells after each.
    private func fill(
        _ session: String, from file: FileParts, _ name: ObjectName, _ progress: (Int) -> Void
    ) throws -> HTTPAnswer {
        var start = 0
        while true {
            let end = min(start + partBytes, file.size)
            let body = try file.bytes(start..<end)
            let place = HTTPHeader("Content-Range", "bytes \(start)-\(end - 1)/\(file.size)")
            let answer = try http.send(at: name.description) { _ in
                HTTPRequest("PUT", session, headers: [place], body: body)
            }
            switch answer.status {
            case 200, 201:
                progress(file.size - start)
                return answer
            case 308:
                let kept = Self.kept(answer.head)
                guard kept > start, kept <= end else {
                    throw ObjectError(.unreachable, at: name.description, "the server does not keep what is sent.")
                }
                progress(kept - start)
                start = kept
            default: throw refusal(answer, of: name)
            }
        }
    }

    /// `Range: bytes=0-262143` of an upload under way.
    private static func kept(_ head: HTTPHead) -> Int {
        guard let range = head.headers["range"], let last = range.split(separator: "-").last.flatMap({ Int($0) }),
            range.hasPrefix("bytes=0-"), last < .max
        else { return 0 }
        return last + 1
    }

    private func check(_ answer: HTTPAnswer, of name: ObjectName, size: Int, crc32c: UInt32) throws {
        let stored = try facts(json(answer, of: name), of: name)
        guard stored.size == size, stored.crc32c ?? crc32c == crc32c else {
            try? delete(name)
            throw ObjectError(
                .wrongContent, at: name.description, "other bytes arrived than were sent. Try again.")
        }
    }
}
