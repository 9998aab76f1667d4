import LightboxCore

/// Reads what `http://` and `https://` addresses name. Redirects are followed by hand: never from https to http.
package struct WebReader: Sendable {
    let http: HTTPClient
    static let mostRedirects = 5

    package init(http: HTTPClient = HTTPClient()) { self.http = http }

    /// Hands over the bytes in order, each once; goes on where the connection broke off.
    ///
    /// - Returns: what the server says of the whole.
    @discardableResult
    package func read(
        _ address: WebAddress, _ range: Range<Int>? = nil, known: ObjectFacts? = nil,
        receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> ObjectFacts {
        var place = address
        for _ in 0...Self.mostRedirects {
            var next: WebAddress?
            let wanted = HTTPClient.PartialRange(range?.lowerBound ?? 0, range?.upperBound)
            do {
                let head = try http.read(
                    .init(wanted, size: known?.size, etag: known?.etag), at: address.description
                ) { range, etag in
                    var headers = range.header.map { [HTTPHeader("Range", $0)] } ?? []
                    if let etag, !etag.hasPrefix("W/") { headers.append(HTTPHeader("If-Match", etag)) }
                    return HTTPRequest(place.url, headers: headers)
                } refusal: { answer in
                    next = redirect(answer.head, from: place)
                    return refusal(answer, of: address)
                } receive: {
                    try receive($0)
                }
                return Self.facts(head, known)
            } catch let error as ObjectError {
                guard let next else { throw error }
                place = next
            }
        }
        throw ObjectError(.refused, at: address.description, "it leads on and on to other addresses.")
    }

    /// Size and `ETag`, without the bytes where the server allows that.
    package func facts(of address: WebAddress) throws -> ObjectFacts {
        var place = address
        for _ in 0...Self.mostRedirects {
            let answer = try http.send(at: address.description) { _ in HTTPRequest("HEAD", place.url) }
            if let next = redirect(answer.head, from: place) {
                place = next
                continue
            }
            // An address may be signed for GET alone.
            if [401, 403, 405, 501].contains(answer.status) { return try read(address, 0..<1) { _ in } }
            guard answer.status == 200 else { throw refusal(answer, of: address) }
            return Self.facts(answer.head, nil)
        }
        throw ObjectError(.refused, at: address.description, "it leads on and on to other addresses.")
    }

    private static func facts(_ head: HTTPHead, _ known: ObjectFacts?) -> ObjectFacts {
        ObjectFacts(
            size: head.range?.total ?? head.length ?? known?.size ?? 0,
            etag: head.headers["etag"] ?? head.headers["last-modified"])
    }

    private func redirect(_ head: HTTPHead, from place: WebAddress) -> WebAddress? {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head.headers["location"],
            let next = place.following(location),
            next.origin.hasPrefix("https://") || place.origin.hasPrefix("http://")
        else { return nil }
        return next
    }

    private func refusal(_ answer: HTTPAnswer, of address: WebAddress) -> ObjectError {
        switch answer.status {
        case 404, 410: ObjectError(.notFound, at: address.description, "there is nothing at this address.")
        case 401, 403:
            ObjectError(.forbidden, at: address.description, "the server does not allow it (\(answer.status)).")
        case 412: ObjectError(.changed, at: address.description, "it changed while it was read.")
        default: ObjectError(.refused, at: address.description, "the server answers \(answer.status).")
        }
    }
}
