import Foundation
import LightboxCore

/// Why a Spark job failed, in a sentence, out of a log of hundreds of lines.
package struct SparkFailure {
    package let log: String
    /// The folder of what workers said.
    let logs: String
    let master: String

    package init(log: String, logs: String, master: String) {
        (self.log, self.logs, self.master) = (log, logs, master)
    }

    private static let causes: [(sign: String, sentence: String)] = [
        ("All masters are unresponsive", "no Spark master answers there."),
        ("Failed to connect to master", "no Spark master answers there."),
        ("Could not parse Master URL", "this is no address of a Spark master, such as spark://host:7077."),
        ("JAVA_HOME is not set", "Spark finds no Java. Install Java 17, or set JAVA_HOME."),
        ("java: command not found", "Spark finds no Java. Install Java 17, or set JAVA_HOME."),
        ("UnsupportedClassVersionError", "this Spark needs a newer Java. Install Java 17, or set JAVA_HOME."),
        ("Failed to load main class", "this Spark comes without the SQL shell (spark-hive-thriftserver)."),
        ("InvalidClassException", "the Spark here and the Spark of the cluster are of different versions."),
    ]

    private var lines: [String] {
        let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).map(String.init)
    }

    /// What a job that goes on waits for; nil when Spark says nothing of that.
    var waiting: String? {
        lines.suffix(5).contains { $0.contains("has not accepted any resources") }
            ? "no worker has the cores and the memory that are asked for" : nil
    }

    package var error: EngineError {
        let lines = lines
        for (sign, sentence) in Self.causes where lines.contains(where: { $0.contains(sign) }) {
            return EngineError("\(master): \(sentence)")
        }
        let words = WorkerLogs(folder: logs).lastWords
        if let line = lines.last(where: { $0.contains("Subprocess exited with status") }),
            let start = line.range(of: "Subprocess exited with status")
        {
            let status = line[start.upperBound...].prefix { $0 != "." }.trimmingCharacters(in: .whitespaces)
            let reason = words.isEmpty ? " " + String(line[start.lowerBound...].prefix(500)) : words
            return EngineError("the worker failed four times on the cluster (status \(status)).\(reason)")
        }
        if !words.isEmpty { return EngineError("the job failed on the cluster.\(words)") }
        let told =
            lines.last { $0.contains("Exception") || $0.contains("ERROR") || $0.contains("rror:") } ?? lines.last
        return EngineError(
            "\(master): the job failed. \(told.map { String($0.prefix(500)) } ?? "Spark said nothing.")")
    }
}

/// The address of a master.
struct SparkMaster {
    let address: String

    init(_ address: String) { self.address = address }

    /// Asks whether anything listens there; other kinds of master than `spark://` are left to Spark.
    ///
    /// - Throws: ``EngineError`` at once, where Spark itself would try for a minute.
    func check() throws {
        guard address.hasPrefix("spark://") else { return }
        let hosts = address.dropFirst("spark://".count).split(separator: ",").map(String.init)
        guard !hosts.isEmpty, hosts.allSatisfy({ Self.parts($0) != nil }) else {
            throw EngineError("\(address): a master is named as in spark://host:7077.", kind: .invalidInput)
        }
        guard hosts.contains(where: Self.answers) else {
            throw EngineError("\(address): no Spark master answers there.", kind: .notFound)
        }
    }

    private static func parts(_ host: String) -> (name: String, port: String)? {
        guard let colon = host.lastIndex(of: ":"), UInt16(host[host.index(after: colon)...]) != nil else {
            return nil
        }
        return (String(host[..<colon]), String(host[host.index(after: colon)...]))
    }

    private static func answers(_ host: String) -> Bool {
        guard let (name, port) = parts(host) else { return false }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name.trimmingCharacters(in: ["[", "]"]), port, &hints, &found) == 0 else { return false }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next {
            defer { next = address.pointee.ai_next }
            let descriptor = socket(
                address.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            if connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 { return true }
            guard errno == EINPROGRESS else { continue }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, 5000) == 1 else { continue }
            var failure: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length) == 0, failure == 0 { return true }
        }
        return false
    }
}
