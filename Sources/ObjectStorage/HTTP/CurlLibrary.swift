import Foundation

/// libcurl's functions, opened when the first of them is needed.
///
/// Foundation's own networking is libcurl as well, with some thirty libraries behind it: linked, they cost
/// every start of the program 5 to 10 milliseconds, for what most commands never use.
struct CurlLibrary: @unchecked Sendable {
    // Unchecked: pointers to code, set once.
    typealias SetLong = @convention(c) (OpaquePointer, Int32, Int) -> Int32
    typealias SetPointer = @convention(c) (OpaquePointer, Int32, UnsafeRawPointer?) -> Int32
    typealias GetLong = @convention(c) (OpaquePointer, Int32, UnsafeMutablePointer<Int>) -> Int32

    let create: @convention(c) () -> OpaquePointer?
    let perform: @convention(c) (OpaquePointer) -> Int32
    let reset: @convention(c) (OpaquePointer) -> Void
    let release: @convention(c) (OpaquePointer) -> Void
    let append: @convention(c) (OpaquePointer?, UnsafePointer<CChar>) -> OpaquePointer?
    let releaseList: @convention(c) (OpaquePointer?) -> Void
    // curl_easy_setopt and curl_easy_getinfo take a variable argument. On Linux, x86-64 and 64-bit Arm alike, an
    // integer or a pointer is passed to such a function just as to one with three parameters.
    let setLong: SetLong
    let setPointer: SetPointer
    let getLong: GetLong

    static let shared = Result { try CurlLibrary() }

    private init() throws {
        guard let library = dlopen("libcurl.so.4", RTLD_NOW) ?? dlopen("libcurl-gnutls.so.4", RTLD_NOW) else {
            throw ObjectError(
                .missingLibrary, at: "", "libcurl is not installed (Debian: apt-get install libcurl4).")
        }
        func symbol<Function>(_ name: String, as type: Function.Type) throws -> Function {
            guard let address = dlsym(library, name) else {
                throw ObjectError(.missingLibrary, at: "", "libcurl has no \(name).")
            }
            return unsafeBitCast(address, to: type)
        }
        // Before libcurl 7.84 this is not safe on two threads at once.
        _ = try symbol("curl_global_init", as: (@convention(c) (Int) -> Int32).self)(3)
        create = try symbol("curl_easy_init", as: (@convention(c) () -> OpaquePointer?).self)
        perform = try symbol("curl_easy_perform", as: (@convention(c) (OpaquePointer) -> Int32).self)
        reset = try symbol("curl_easy_reset", as: (@convention(c) (OpaquePointer) -> Void).self)
        release = try symbol("curl_easy_cleanup", as: (@convention(c) (OpaquePointer) -> Void).self)
        append = try symbol(
            "curl_slist_append", as: (@convention(c) (OpaquePointer?, UnsafePointer<CChar>) -> OpaquePointer?).self
        )
        releaseList = try symbol("curl_slist_free_all", as: (@convention(c) (OpaquePointer?) -> Void).self)
        setLong = try symbol("curl_easy_setopt", as: SetLong.self)
        setPointer = try symbol("curl_easy_setopt", as: SetPointer.self)
        getLong = try symbol("curl_easy_getinfo", as: GetLong.self)
    }
}

/// Numbers from curl.h, fixed since libcurl 7.55.
enum CurlOption {
    static let writeData: Int32 = 10_001
    static let url: Int32 = 10_002
    static let errorBuffer: Int32 = 10_010
    static let postFields: Int32 = 10_015
    static let userAgent: Int32 = 10_018
    static let headers: Int32 = 10_023
    static let headerData: Int32 = 10_029
    static let customRequest: Int32 = 10_036
    static let openSocketData: Int32 = 10_164
    static let noProxy: Int32 = 10_177
    static let writeFunction: Int32 = 20_011
    static let headerFunction: Int32 = 20_079
    static let openSocketFunction: Int32 = 20_163
    static let postFieldSize: Int32 = 30_120
    static let responseCode: Int32 = 0x200002
    static let contentLength: Int32 = 0x60000f
    static let timeout: Int32 = 13
    static let lowSpeedLimit: Int32 = 19
    static let lowSpeedTime: Int32 = 20
    static let noBody: Int32 = 44
    static let followLocation: Int32 = 52
    static let connectTimeout: Int32 = 78
    static let protocols: Int32 = 181
    static let https = 2

    static let usual: [(Int32, Int)] = [
        (99, 1),  // NOSIGNAL
        (68, 5),  // MAXREDIRS
        (98, 256 << 10),  // BUFFERSIZE
        (protocols, 3),  // http, https
        (182, 3),  // REDIR_PROTOCOLS
        (234, 1),  // PATH_AS_IS
    ]
}
