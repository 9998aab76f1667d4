import Foundation
public import LightboxCore

/// What a look through the whole audit log has found.
public struct AuditReport: Sendable, Equatable {
    /// Lines that are there.
    public var lines = 0
    /// Where the chain ends now.
    public var head = AuditHead.none
    /// What is wrong, with the line's place in the file; empty for a log that nobody has touched.
    public var problems: [String] = []
    /// What is no fault: a line that was being written when the process was killed.
    public var remarks: [String] = []
    /// Whether the head that was asked for is in the chain; nil where none was.
    public var hasExpected: Bool?

    public var isWhole: Bool { problems.isEmpty && hasExpected ?? true }
    private static let maximumProblems = 100

    /// Looks through the log of a home.
    ///
    /// - Parameter expected: a head that was noted elsewhere: whoever writes the log anew cannot write that.
    /// - Throws: ``FileFailure`` for a log that cannot be read.
    public init(home: Home, expected: AuditHead? = nil) throws {
        let told = (try? String(contentsOfFile: AuditFile.headPath(in: home), encoding: .utf8))
        let toldHead = told.flatMap { AuditHead($0) }
        if expected != nil { hasExpected = false }
        var agrees = toldHead?.number == 0
        try AuditLines.each(in: home) { number, line, isComplete in
            guard isComplete else {
                remarks.append("line \(number) is not complete: it was being written when the process ended")
                return
            }
            follow(line, number)
            if head == toldHead { agrees = true }
            if head == expected { hasExpected = true }
        }
        if told != nil, toldHead == nil { add("the file audit/head cannot be read") }
        if let toldHead, !agrees {
            if head.number < toldHead.number {
                add("\(toldHead.number - head.number) lines are missing at the end: there were \(toldHead.number)")
            } else {
                add("line \(toldHead.number) is not the line that audit/head names: it was changed")
            }
        } else if told == nil, lines > 0 {
            remarks.append("there is no audit/head yet, so lines that were cut off at the end are not noticed")
        }
    }

    private mutating func follow(_ line: [UInt8], _ place: Int) {
        lines = place
        let hash = ContentHash(of: line)
        guard let link = AuditLink(line) else {
            add("line \(place) is no line of the audit log")
            head = AuditHead(number: head.number + 1, hash: hash)
            return
        }
        let wanted = head.number + 1
        if link.number > wanted {
            add(
                link.number == wanted + 1
                    ? "line \(wanted) is missing before line \(place) of the file"
                    : "lines \(wanted) to \(link.number - 1) are missing before line \(place) of the file")
        } else if link.number < wanted {
            add("line \(place) of the file has the number \(link.number) and stands behind \(head.number)")
        } else if link.previous != head.hash {
            add(
                place == 1
                    ? "line 1 was changed: it names a line before it"
                    : "line \(place - 1) was changed: line \(place) has another hash of it")
        }
        head = AuditHead(number: link.number, hash: hash)
    }

    private mutating func add(_ problem: String) {
        if problems.count < Self.maximumProblems { problems.append(problem) }
    }
}

/// Reads the log's lines one after another, however many there are.
public enum AuditLines {
    /// - Parameter body: gets the line's place, counted from 1, its bytes without the end, and whether it has an end.
    public static func each(in home: Home, _ body: (Int, [UInt8], Bool) throws -> Void) throws {
        let path = AuditFile.path(in: home)
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return }
            throw FileFailure(path: path, errno: errno)
        }
        defer { fclose(file) }
        var text: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(text) }
        var place = 0
        while case let count = getline(&text, &capacity, file), count > 0, let bytes = text {
            place += 1
            let line = bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
                Array(UnsafeBufferPointer(start: $0, count: count))
            }
            let isComplete = line.last == UInt8(ascii: "\n")
            try body(place, isComplete ? line.dropLast() : line, isComplete)
        }
    }
}
