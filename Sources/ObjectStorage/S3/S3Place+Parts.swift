import LightboxCore

/// Uploads and copies in parts: nothing is visible before the last step, and a failed upload is ended.
extension S3Place {
    public func write(_ file: FileParts, to name: ObjectName, progress: (Int) -> Void) throws {
        guard file.size > partBytes else {
            try write(file.bytes(0..<file.size), to: name)
            return progress(file.size)
        }
        let ranges = file.ranges(of: partBytes)
        try upload(to: name, headers: Self.headers(file.crc32c()), size: file.size) { upload in
            let crew = OrderedCrew(threads: min(Self.partsAtOnce, ranges.count)) { [self] (number: Int) in
                try part(number, of: upload, name, body: file.bytes(ranges[number]))
            }
            defer { crew.dismiss() }
            return try collect(ranges, from: crew, progress)
        }
    }

    public func copy(_ source: ObjectName, to target: ObjectName) throws {
        let facts = try facts(of: source)
        let place = "/" + source.bucket + "/" + PercentEncoding.encode(source.key, keepsSlashes: true)
        var from = [HTTPHeader("x-amz-copy-source", place)]
        if let etag = facts.etag { from.append(HTTPHeader("x-amz-copy-source-if-match", etag)) }
        // One request copies at most 5 GB.
        guard facts.size > 5_000_000_000 else {
            return try checkBody(of: send("PUT", target, headers: from), name: target)
        }
        let length = 512 << 20
        let ranges = stride(from: 0, to: facts.size, by: length).map { $0..<min($0 + length, facts.size) }
        try upload(to: target, headers: facts.crc32c.map(Self.headers) ?? [], size: facts.size) { upload in
            let crew = OrderedCrew(threads: Self.partsAtOnce) { [self, from] (number: Int) in
                let range = "bytes=\(ranges[number].lowerBound)-\(ranges[number].upperBound - 1)"
                return try part(
                    number, of: upload, target, headers: from + [HTTPHeader("x-amz-copy-source-range", range)])
            }
            defer { crew.dismiss() }
            return try collect(ranges, from: crew) { _ in }
        }
    }

    /// The parts' names in order, a few under way at once.
    private func collect(
        _ ranges: [Range<Int>], from crew: OrderedCrew<Int, String>, _ progress: (Int) -> Void
    ) throws -> [String] {
        var tags: [String] = []
        var next = 0
        while tags.count < ranges.count {
            while next < ranges.count, crew.underWay < Self.partsAtOnce {
                crew.add(next)
                next += 1
            }
            guard let tag = try crew.next() else { break }
            tags.append(tag)
            progress(ranges[tags.count - 1].count)
        }
        return tags
    }

    /// Sends one part; its name is what the server answers.
    private func part(
        _ number: Int, of upload: String, _ name: ObjectName, headers: [HTTPHeader] = [], body: Bytes = .empty
    ) throws -> String {
        let query = [HTTPHeader("partNumber", String(number + 1)), HTTPHeader("uploadId", upload)]
        let answer = try send("PUT", name, query: query, headers: headers, body: body)
        let copied = answer.body.isEmpty ? nil : (try? XMLElement(parsing: answer.body))?["ETag"]?.text
        guard let tag = answer.head.headers["etag"] ?? copied else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server does not name a part it took.")
        }
        return tag
    }

    /// Begins an upload, fills it, and makes the object visible; whatever goes wrong, the upload is ended.
    private func upload(
        to name: ObjectName, headers: [HTTPHeader], size: Int, _ fill: (_ upload: String) throws -> [String]
    ) throws {
        let begun = try send("POST", name, query: [HTTPHeader("uploads", "")], headers: headers, body: .empty)
        guard let upload = (try? XMLElement(parsing: begun.body))?["UploadId"]?.text, !upload.isEmpty else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server does not begin an upload.")
        }
        do {
            let tags = try fill(upload)
            try finish(upload, name, tags, size: size)
        } catch {
            _ = try? send("DELETE", name, query: [HTTPHeader("uploadId", upload)])
            throw error
        }
    }

    private func finish(_ upload: String, _ name: ObjectName, _ tags: [String], size: Int) throws {
        let parts = tags.enumerated().map { number, tag in
            "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(Self.escaped(tag))</ETag></Part>"
        }
        let text =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(parts.joined())"
            + "</CompleteMultipartUpload>"
        do {
            let answer = try send(
                "POST", name, query: [HTTPHeader("uploadId", upload)],
                headers: [HTTPHeader("Content-Type", "text/xml")],
                body: Bytes(text.utf8))
            try checkBody(of: answer, name: name)
        } catch let error as ObjectError where error.code == .notFound {
            // The upload is gone: a try before this one may have finished it, its answer lost on the way.
            guard let found = try? facts(of: name), found.size == size,
                found.etag?.contains("-\(tags.count)") == true
            else { throw error }
        }
    }

    /// Success may turn into an error while the server works, after the status was sent.
    private func checkBody(of answer: HTTPAnswer, name: ObjectName) throws {
        guard !answer.body.isEmpty else { return }
        guard let told = try? XMLElement(parsing: answer.body) else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server's answer cannot be read.")
        }
        if told.name == "Error" { throw refusal(answer, of: name) }
    }

    private static func escaped(_ text: String) -> String {
        var output = ""
        for letter in text {
            switch letter {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            default: output.append(letter)
            }
        }
        return output
    }
}
