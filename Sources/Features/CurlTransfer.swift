package import Foundation
import LightboxCore

/// One HTTP transfer by libcurl, which is opened when it is first needed.
///
/// Foundation's own networking is libcurl as well, with some thirty libraries behind it: linked, they cost
/// every start of the program 5 to 10 milliseconds, for a command that most never use.
package struct CurlTransfer {
    /// What a server answered.
    package struct Answer {
        package var status = 0
        /// From the first byte sent on; nil when the server does not say.
        package var length: Int?
        /// libcurl's own code, 0 when all is well, and what it says of it.
        package var code = 0
        package var message = ""
    }

    /// How far a transfer may go. As it stands: wherever the server sends it, for as long as something comes.
    package struct Rules {
        package var followsRedirects = true
        package var onlyHTTPS = false
        /// Of the whole transfer, in seconds; 0 for any time.
        package var seconds = 0
        /// Asked for the very address that is connected to, whatever name led there; nil allows all, and proxies.
        package var allows: ((UnsafePointer<sockaddr>) -> Bool)?

        package init() {}
    }

    private typealias SetLong = @convention(c) (OpaquePointer, Int32, Int) -> Int32
    private typealias SetPointer = @convention(c) (OpaquePointer, Int32, UnsafeRawPointer?) -> Int32
    private typealias GetLong = @convention(c) (OpaquePointer, Int32, UnsafeMutablePointer<Int>) -> Int32
    private typealias Receive = @convention(c) (UnsafeRawPointer?, Int, Int, UnsafeMutableRawPointer?) -> Int

    private let create: @convention(c) () -> OpaquePointer?
    private let perform: @convention(c) (OpaquePointer) -> Int32
    private let release: @convention(c) (OpaquePointer) -> Void
    // curl_easy_setopt and curl_easy_getinfo take a variable argument. On Linux, x86-64 and 64-bit Arm alike, an
    // integer or a pointer is passed to such a function just as to one with three parameters.
    private let setLong: SetLong
    private let setPointer: SetPointer
    private let getLong: GetLong

    /// - Throws: ``WeightsError`` when the machine has no libcurl.
    package init() throws {
        guard let library = dlopen("libcurl.so.4", RTLD_NOW) ?? dlopen("libcurl-gnutls.so.4", RTLD_NOW) else {
            throw WeightsError(.missingLibrary, "libcurl is not installed (Debian: apt-get install libcurl4).")
        }
        func symbol<Function>(_ name: String, as type: Function.Type) throws -> Function {
            guard let address = dlsym(library, name) else {
                throw WeightsError(.missingLibrary, "libcurl has no \(name).")
            }
            return unsafeBitCast(address, to: type)
        }
        create = try symbol("curl_easy_init", as: (@convention(c) () -> OpaquePointer?).self)
        perform = try symbol("curl_easy_perform", as: (@convention(c) (OpaquePointer) -> Int32).self)
        release = try symbol("curl_easy_cleanup", as: (@convention(c) (OpaquePointer) -> Void).self)
        setLong = try symbol("curl_easy_setopt", as: SetLong.self)
        setPointer = try symbol("curl_easy_setopt", as: SetPointer.self)
        getLong = try symbol("curl_easy_getinfo", as: GetLong.self)
    }

    /// Gets `url` from byte `start` on.
    ///
    /// - Parameter receive: takes each piece with the answer as known so far; false ends the transfer.
    package func get(
        _ url: String, from start: Int = 0, rules: Rules = Rules(),
        _ receive: (UnsafeRawBufferPointer, Answer) -> Bool
    ) -> Answer {
        guard let handle = create() else { return Answer(code: 2, message: "out of memory") }
        defer { release(handle) }
        let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: 256)
        errorText.initialize(repeating: 0, count: 256)
        defer { errorText.deallocate() }
        _ = setPointer(handle, Option.errorBuffer, errorText)
        for (option, value) in Option.usual { _ = setLong(handle, option, value) }
        if !rules.followsRedirects { _ = setLong(handle, Option.followLocation, 0) }
        if rules.onlyHTTPS { _ = setLong(handle, Option.protocols, Option.https) }
        if rules.seconds > 0 { _ = setLong(handle, Option.timeout, rules.seconds) }
        let guardian = rules.allows.map { Guardian($0) }
        if let guardian { watch(handle, guardian) }
        defer { withExtendedLifetime(guardian) {} }
        _ = "lightbox".withCString { setPointer(handle, Option.userAgent, $0) }
        if start > 0 { _ = "\(start)-".withCString { setPointer(handle, Option.range, $0) } }

        let code = withoutActuallyEscaping(receive) { receive in
            let receiver = Receiver { receive($0, answer(handle)) }
            let callback: Receive = { bytes, size, count, receiver in
                let taken = Unmanaged<Receiver>.fromOpaque(receiver!).takeUnretainedValue()
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return taken.receive(piece) ? size * count : 0
            }
            _ = setPointer(handle, Option.writeFunction, unsafeBitCast(callback, to: UnsafeRawPointer.self))
            _ = setPointer(handle, Option.writeData, Unmanaged.passUnretained(receiver).toOpaque())
            return withExtendedLifetime(receiver) {
                url.withCString { url in
                    _ = setPointer(handle, Option.url, url)
                    return perform(handle)
                }
            }
        }
        var result = answer(handle)
        result.code = Int(code)
        result.message = String(cString: errorText)
        return result
    }

    /// Lets `guardian` see every address before anything is sent to it; no proxy comes between.
    private func watch(_ handle: OpaquePointer, _ guardian: Guardian) {
        typealias Open =
            @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafeMutableRawPointer?) -> Int32
        let open: Open = { guardian, _, destination in
            guard let guardian, let destination else { return -1 }
            let allows = Unmanaged<Guardian>.fromOpaque(guardian).takeUnretainedValue().allows
            // The address stands behind the four numbers.
            let address = destination.advanced(by: MemoryLayout<Destination>.stride)
            guard allows(address.assumingMemoryBound(to: sockaddr.self)) else { return -1 }
            let wanted = destination.assumingMemoryBound(to: Destination.self).pointee
            return socket(wanted.family, wanted.type, wanted.protocol)
        }
        _ = "*".withCString { setPointer(handle, Option.noProxy, $0) }
        _ = setPointer(handle, Option.openSocketFunction, unsafeBitCast(open, to: UnsafeRawPointer.self))
        _ = setPointer(handle, Option.openSocketData, Unmanaged.passUnretained(guardian).toOpaque())
    }

    private final class Guardian {
        let allows: (UnsafePointer<sockaddr>) -> Bool
        init(_ allows: @escaping (UnsafePointer<sockaddr>) -> Bool) { self.allows = allows }
    }

    /// The head of `struct curl_sockaddr`; a `struct sockaddr` follows.
    private struct Destination {
        var family: Int32
        var type: Int32
        var `protocol`: Int32
        var length: UInt32
    }

    private func answer(_ handle: OpaquePointer) -> Answer {
        var (status, length) = (0, -1)
        _ = getLong(handle, Option.responseCode, &status)
        _ = getLong(handle, Option.contentLength, &length)
        return Answer(status: status, length: length < 0 ? nil : length)
    }

    private final class Receiver {
        let receive: (UnsafeRawBufferPointer) -> Bool
        init(_ receive: @escaping (UnsafeRawBufferPointer) -> Bool) { self.receive = receive }
    }

    /// Numbers from curl.h, fixed since libcurl 7.55.
    private enum Option {
        static let writeData: Int32 = 10_001
        static let url: Int32 = 10_002
        static let range: Int32 = 10_007
        static let errorBuffer: Int32 = 10_010
        static let userAgent: Int32 = 10_018
        static let writeFunction: Int32 = 20_011
        static let responseCode: Int32 = 0x200002
        static let contentLength: Int32 = 0x60000f
        static let followLocation: Int32 = 52
        static let protocols: Int32 = 181
        static let timeout: Int32 = 13
        static let noProxy: Int32 = 10_177
        static let openSocketFunction: Int32 = 20_163
        static let openSocketData: Int32 = 10_164
        static let https = 2

        static let usual: [(Int32, Int)] = [
            (99, 1),  // NOSIGNAL
            (followLocation, 1),
            (68, 5),  // MAXREDIRS
            (protocols, 3),  // http, https
            (182, 3),  // REDIR_PROTOCOLS
            (78, 20),  // CONNECTTIMEOUT, seconds
            (19, 100), (20, 60),  // LOW_SPEED_LIMIT bytes per second, LOW_SPEED_TIME seconds
        ]
    }
}
