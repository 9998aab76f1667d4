import Foundation
import LightboxCore

/// What standard output and standard error are connected to, and what may be sent there.
enum Terminal {
    /// A bar on a terminal, plain lines in a file or a pipe.
    static func progressSurface(environment: [String: String]) -> ProgressBar.Surface {
        let isRedrawn = isatty(STDERR_FILENO) == 1 && (environment["TERM"] ?? "dumb") != "dumb"
        let currentWidth: @Sendable () -> Int = { width(of: STDERR_FILENO) }
        let start = ContinuousClock.now
        var surface = ProgressBar.Surface(
            width: isRedrawn ? currentWidth : nil, write: writeError,
            now: { (ContinuousClock.now - start) / .seconds(1) })
        surface.isColoured = (environment["NO_COLOR"] ?? "").isEmpty
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        surface.isUnicode = locale.uppercased().contains("UTF")
        return surface
    }

    /// Letters in a line, 80 when the terminal does not say.
    static func width(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Not through stdio, so that lines of several threads stay whole; after what was printed so far, so that a log
    /// of both streams keeps its order.
    @Sendable static func writeError(_ text: String) {
        fflush(nil)
        let bytes = Array(text.utf8)
        try? bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: STDERR_FILENO) }
    }

    /// `text` without what would steer a terminal: a file's name is foreign text.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isSteering) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isSteering($0) ? "\u{FFFD}" : $0 }))
    }

    private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x202A...0x202E, 0x2066...0x2069: true  // direction overrides
        default: false
        }
    }
}

/// One line of JSON on standard output, keys sorted, times as in ISO 8601.
func printJSON(_ value: some Encodable) throws {
    print(String(decoding: try jsonLine(value), as: UTF8.self))
}

/// Without the newline.
func jsonLine(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return try encoder.encode(value)
}
