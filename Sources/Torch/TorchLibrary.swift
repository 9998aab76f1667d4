import CTorch
import Foundation

/// The training engine's library, opened when something first trains.
public enum TorchLibrary {
    /// Opens LightboxTorch and with it libtorch; does nothing when it is open.
    ///
    /// - Throws: ``TorchError`` with the code `libraryMissing`.
    public static func open() throws(TorchError) { _ = try table.get() }

    /// How many processor threads one operation uses, for the whole process. The same number on the same
    /// machine gives the same bits.
    ///
    /// - Precondition: `count` is at least 1.
    public static func setThreads(_ count: Int) throws {
        precondition(count >= 1)
        let functions = try functions()
        try check("threads") { functions.set_threads(Int32(clamping: count), $0) }
    }

    public static var threads: Int { (try? functions()).map { Int($0.threads()) } ?? 1 }

    /// How many GPUs libtorch sees; 0 where its GPU libraries are not beside it.
    public static var gpuCount: Int { (try? functions()).map { Int($0.gpu_count()) } ?? 0 }

    /// Where LightboxTorch is looked for, in this order: the folder in `LIGHTBOX_TORCH`, beside the executable,
    /// and `../lib/lightbox` and `../lib` of it.
    public static var searchFolders: [String] {
        var folders: [String] = []
        if let named = ProcessInfo.processInfo.environment["LIGHTBOX_TORCH"], !named.isEmpty {
            folders.append(named)
        }
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return folders
        }
        let folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        let above = folder.deletingLastPathComponent()
        return folders + [folder.path, above.path + "/lib/lightbox", above.path + "/lib"]
    }

    /// Opened once; a failure is kept as well, since the machine does not change while the program runs.
    private static let table: Result<Functions, TorchError> = {
        let files = searchFolders.map { $0 + "/libLightboxTorch.so" }.filter(FileManager.default.fileExists)
        var refusal = "Looked in \(searchFolders.joined(separator: ", "))."
        for file in files {
            do throws(TorchError) {
                try check(file, as: .libraryMissing) { ctorch_open(file, $0) }
                if let functions = ctorch_table() { return .success(Functions(pointee: functions.pointee)) }
            } catch {
                refusal = error.remedy
            }
        }
        return .failure(
            TorchError(
                code: .libraryMissing, place: "libLightboxTorch.so",
                remedy: "Run scripts/bootstrap and build anew, or name its folder in LIGHTBOX_TORCH. \(refusal)"))
    }()

    /// The table of plain C functions, which never changes once it is filled.
    private struct Functions: @unchecked Sendable {
        // Unchecked: holds pointers to functions only.
        let pointee: ctorch_functions
    }

    static func functions() throws(TorchError) -> ctorch_functions { try table.get().pointee }
}

/// Calls into the C face and turns a status other than 0 into an error with the library's own words.
func check(
    _ place: @autoclosure () -> String, as code: TorchError.Code = .computationFailed,
    _ call: (UnsafeMutablePointer<CChar>) -> Int32
) throws(TorchError) {
    let failure = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CTORCH_MESSAGE)) {
        message -> String? in
        message.initialize(repeating: 0)
        guard call(message.baseAddress!) != 0 else { return nil }
        return String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    if let failure { throw TorchError(code: code, place: place(), remedy: failure) }
}

extension TorchLibrary {
    /// Runs `body` with the norms' own kernels, or with libtorch's operations as on a GPU, on this thread.
    package static func withOwnKernels<Value>(_ isOn: Bool, _ body: () throws -> Value) throws -> Value {
        let functions = try functions()
        let before = functions.set_own_kernels(isOn ? 1 : 0)
        defer { _ = functions.set_own_kernels(before) }
        return try body()
    }
}
