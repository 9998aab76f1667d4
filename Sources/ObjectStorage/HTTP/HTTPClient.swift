import Foundation
import LightboxCore
import Synchronization

/// Exchanges with servers that stumble: repeated, resumed, bounded in time and size; connections kept for the next.
///
/// Calls block their thread. Redirects are never followed here: what a request is signed for is one host.
package final class HTTPClient: Sendable {
    package let retries: RetryPolicy
    private let rules: CurlTransfer.Rules
    /// Transfers that wait for their next use, with their open connections.
    private let idle = Mutex<[CurlTransfer]>([])
    private static let mostIdle = 32

    package init(retries: RetryPolicy = RetryPolicy(), rules: CurlTransfer.Rules? = nil) {
        self.retries = retries
        var usual = CurlTransfer.Rules()
        usual.slowest = (bytes: 1000, seconds: 30)
        var rules = rules ?? usual
        rules.followsRedirects = false
        self.rules = rules
    }

    /// Sends what `request` makes, anew at every try, until it is answered with something that no repetition mends.
    ///
    /// - Parameters:
    ///   - address: what errors call it by.
    ///   - limit: bytes of the body at most.
    /// - Returns: the last answer, whatever its status.
    package func send(
        at address: String, limit: Int = 16 << 20, _ request: (_ attempt: Int) throws -> HTTPRequest
    ) throws -> HTTPAnswer {
        var course = Course(policy: retries)
        while true {
            let wanted = try request(course.attempt)
            var body: [UInt8] = []
            var isTooLarge = false
            let answer = try exchange(wanted) { piece, _ in
                isTooLarge = body.count + piece.count > limit
                if !isTooLarge { body += piece }
                return !isTooLarge
            }
            if isTooLarge { throw ObjectError(.tooLarge, at: address, "the answer has over \(limit) bytes.") }
            let isPassing = answer.code != 0 || RetryPolicy.isPassing(status: answer.status)
            if !isPassing { return HTTPAnswer(head: answer.head, body: body) }
            guard try course.again(answer, at: address) else {
                return HTTPAnswer(head: answer.head, body: body)
            }
        }
    }

    /// What is read of an object, and what is known of it.
    package struct Reading {
        /// From the first byte wanted to behind the last; nil for everything that is there from the first on.
        package var range: PartialRange
        /// Of the whole object, where that is known before.
        package var size: Int?
        package var etag: String?

        package init(_ range: PartialRange, size: Int? = nil, etag: String? = nil) {
            (self.range, self.size, self.etag) = (range, size, etag)
        }
    }

    package struct PartialRange: Sendable, Hashable {
        package var start = 0
        package var end: Int?

        package init(_ start: Int = 0, _ end: Int? = nil) { (self.start, self.end) = (start, end) }

        /// nil for the whole object.
        package var header: String? {
            guard start > 0 || end != nil else { return nil }
            return "bytes=\(start)-" + (end.map { String($0 - 1) } ?? "")
        }
    }

    /// Reads a body piece by piece; where it breaks off it goes on from there, as long as the object is the same.
    ///
    /// - Parameters:
    ///   - request: makes the request for the bytes still wanted, of the object with this `ETag` (nil: not known yet).
    ///   - receive: takes the bytes in order, each once.
    ///   - refusal: the error for an answer that is none of 200 and 206, with the start of its body.
    /// - Returns: the head of the first answer that had bytes.
    package func read(
        _ reading: Reading, at address: String,
        _ request: (_ range: PartialRange, _ etag: String?) throws -> HTTPRequest,
        refusal: (HTTPAnswer) -> ObjectError, receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> HTTPHead {
        var course = Course(policy: retries)
        var progress = ReadingProgress(reading)
        while true {
            let before = progress.position
            progress.hasBegun = false
            let wanted = try request(PartialRange(before, reading.range.end), progress.etag)
            var page: [UInt8] = []
            var failure: (any Error)?
            let answer = try exchange(wanted) { piece, answer in
                do {
                    guard answer.status == 200 || answer.status == 206 else {
                        if page.count < 64 << 10 { page += piece }
                        return true
                    }
                    try progress.begin(answer.head, at: address, from: before)
                    try progress.take(piece, at: address, receive)
                    // Of a server that sends everything, no more than is wanted.
                    return !(answer.status == 200 && reading.range.end != nil && progress.isComplete)
                } catch {
                    failure = error
                    return false
                }
            }
            if let failure { throw failure }
            if answer.code == 23, progress.isComplete, let head = progress.head { return head }
            if answer.code == 0, !RetryPolicy.isPassing(status: answer.status) {
                guard answer.status == 200 || answer.status == 206 else {
                    // Nothing lies behind the end of an empty object, nor behind the last byte that came.
                    if answer.status == 416, before == progress.end ?? before, answer.head.isEndAt(before) {
                        return progress.head ?? answer.head
                    }
                    throw refusal(HTTPAnswer(head: answer.head, body: page))
                }
                try progress.begin(answer.head, at: address, from: before)
                if progress.isComplete { return progress.head ?? answer.head }
            }
            if progress.position > before { course = Course(policy: retries) }
            guard try course.again(answer, at: address) else {
                throw refusal(HTTPAnswer(head: answer.head, body: page))
            }
        }
    }

    private func exchange(
        _ request: HTTPRequest, _ receive: (UnsafeRawBufferPointer, CurlTransfer.Answer) -> Bool
    ) throws -> CurlTransfer.Answer {
        let transfer = try idle.withLock { $0.popLast() } ?? CurlTransfer()
        defer { idle.withLock { if $0.count < Self.mostIdle { $0.append(transfer) } } }
        return transfer.perform(request, rules: rules) { piece, answer in
            !Self.isEnding.load(ordering: .relaxed) && receive(piece, answer)
        }
    }

    /// Lets transfers under way break off, since the process ends.
    static func endAll() { isEnding.store(true, ordering: .relaxed) }
    fileprivate static let isEnding = Atomic<Bool>(false)
}

extension HTTPHead {
    /// Whether a refused range says that the object ends at `position`.
    fileprivate func isEndAt(_ position: Int) -> Bool {
        guard let text = headers["content-range"], let total = Int(text.split(separator: "/").last ?? "") else {
            return position == 0
        }
        return total == position
    }
}

/// The tries of one exchange.
private struct Course {
    let policy: RetryPolicy
    var attempt = 1
    private let began = ContinuousClock.now

    init(policy: RetryPolicy) { self.policy = policy }

    /// Waits for the next try.
    ///
    /// - Returns: false when an answer is there and no try is left.
    /// - Throws: ``ObjectError`` when none is left and there was no answer.
    mutating func again(_ answer: CurlTransfer.Answer, at address: String) throws -> Bool {
        let isHopeless =
            HTTPClient.isEnding.load(ordering: .relaxed)
            || (answer.code != 0 && !RetryPolicy.isPassing(code: answer.code))
        let wait = policy.delay(
            before: attempt + 1, retryAfter: RetryPolicy.retryAfter(answer.head.headers["retry-after"]),
            chance: Double.random(in: 0..<1))
        let spent = began.duration(to: .now) + .seconds(wait)
        guard !isHopeless, attempt < policy.attempts, spent < .seconds(policy.totalSeconds) else {
            guard answer.code != 0 else {
                // A whole answer that promised more than came, again and again.
                guard RetryPolicy.isPassing(status: answer.status) else {
                    throw ObjectError(.unreachable, at: address, "the server sends less than it promises.")
                }
                return false
            }
            let times = attempt > 1 ? " (\(attempt) tries)" : ""
            throw ObjectError(.unreachable, at: address, "\(CurlMessage.text(answer))\(times).")
        }
        Thread.sleep(forTimeInterval: wait)
        attempt += 1
        return true
    }
}

/// libcurl's own words, with nothing of the address that was asked for.
private enum CurlMessage {
    static func text(_ answer: CurlTransfer.Answer) -> String {
        switch answer.code {
        case 3: "the address is not one that libcurl takes"
        case 6: "no such host is known"
        case 7: "no server answers there"
        case 18, 56, 92: "the connection broke off"
        case 28: "nothing came for too long"
        case 35, 60: "no secure connection: \(answer.message)"
        case 52: "the server closed the connection without an answer"
        case 55: "the connection broke off while sending"
        default: "the transfer failed (libcurl \(answer.code))"
        }
    }
}
