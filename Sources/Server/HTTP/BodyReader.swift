import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import NIOCore
import Synchronization

/// Reads bodies to their end, no further than the limits go, and unpacks them.
final class BodyReader: Sendable {
    /// Of one body, as it comes and unpacked.
    private let limit: Int
    /// Of all that are under way.
    private let all: Int
    private let held = Atomic<Int>(0)

    init(limit: Int, all: Int) {
        self.limit = limit
        self.all = all
    }

    /// Whether a request has a body.
    static func hasBody(_ headers: HTTPFields) -> Bool {
        headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
    }

    /// - Returns: the bytes; to be given to ``release(_:)`` when the request is answered.
    func read(_ request: Request, until deadline: ContinuousClock.Instant) async throws -> Bytes {
        let headers = request.headers
        guard Self.hasBody(headers) else { return .empty }
        if let told = headers[.contentLength].flatMap({ Int($0) }), told > limit { throw tooLarge }
        var pieces: ByteBuffer?
        var count = 0
        do {
            for try await piece in request.body {
                try hold(piece.readableBytes)
                count += piece.readableBytes
                guard count <= limit else { throw tooLarge }
                guard ContinuousClock.now < deadline else {
                    throw ServerError(.timedOut, "The request came too slowly. Send it again, or allow more time.")
                }
                if pieces == nil { pieces = piece } else { pieces!.writeImmutableBuffer(piece) }
            }
            let bytes = pieces.map { Bytes($0.readableBytesView) } ?? .empty
            guard let packing = headers[.contentEncoding], packing.lowercased() != "identity" else { return bytes }
            let unpacked = try unpack(bytes, packing.lowercased())
            try hold(unpacked.count)
            held.subtract(count, ordering: .relaxed)
            return unpacked
        } catch {
            held.subtract(count, ordering: .relaxed)
            throw error
        }
    }

    func release(_ body: Bytes) { held.subtract(body.count, ordering: .relaxed) }

    private func hold(_ count: Int) throws {
        guard held.add(count, ordering: .relaxed).newValue <= all else {
            held.subtract(count, ordering: .relaxed)
            throw ServerError(.overloaded, "Too many large requests are under way. Ask again later.")
        }
    }

    private func unpack(_ bytes: Bytes, _ packing: String) throws -> Bytes {
        let format: DeflateFormat
        switch packing {
        case "gzip", "x-gzip": format = .gzip
        case "deflate": format = .zlib
        default: throw ServerError(.unsupportedMedia, "Content-Encoding: only gzip and deflate are read.")
        }
        do {
            let inflater = Inflater(format)
            var output: [UInt8] = []
            try bytes.withUnsafeBytes { try inflater.inflate($0, into: &output, limit: limit) }
            guard inflater.isAtEnd else { throw DeflateError.truncated }
            return Bytes(output)
        } catch DeflateError.limitExceeded {
            throw tooLarge
        } catch is DeflateError {
            throw ServerError(.invalidArgument, "The body is not what Content-Encoding says. Pack it again.")
        }
    }

    private var tooLarge: ServerError {
        ServerError(.bodyTooLarge, "Request payload size exceeds the limit: \(limit) bytes. Send less at once.")
    }
}
