import COpenVINO
import Foundation

/// OpenVINO, opened when the first model is read.
public enum OpenVINOLibrary {
    /// The library's build number, or why it cannot be opened; opens it.
    public static func version() throws -> String {
        try open()
        var text = [CChar](repeating: 0, count: 128)
        try check(model: "OpenVINO", as: .libraryMissing) { copenvino_version(&text, text.count, $0) }
        return string(text)
    }

    /// Where the library is looked for, in this order: the folder in `LIGHTBOX_OPENVINO`, `../lib/lightbox` beside
    /// the executable, `.native/openvino/libs` in a folder above the executable, and the loader's own path.
    public static var searchFolders: [String] {
        var folders: [String] = []
        if let named = ProcessInfo.processInfo.environment["LIGHTBOX_OPENVINO"], !named.isEmpty {
            folders.append(named)
        }
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return folders
        }
        var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        folders.append(folder.deletingLastPathComponent().appendingPathComponent("lib/lightbox").path)
        while folder.path != "/" {
            folders.append(folder.appendingPathComponent(".native/openvino/libs").path)
            folder.deleteLastPathComponent()
        }
        return folders
    }

    /// Opened once; a failure is kept as well, since the machine does not change while the program runs.
    private static let opened: Result<Void, InferenceError> = {
        var firstRefusal: String?
        for path in candidates() {
            do throws(InferenceError) {
                try check(model: path, as: .libraryMissing) { copenvino_open(path, $0) }
                LibraryGate.shared.closeAtExit()
                return .success(())
            } catch {
                firstRefusal = firstRefusal ?? error.remedy
            }
        }
        return .failure(
            InferenceError(
                code: .libraryMissing, model: "OpenVINO",
                remedy: "Run scripts/bootstrap, or name its folder in LIGHTBOX_OPENVINO. \(firstRefusal ?? "")"))
    }()

    static func open() throws(InferenceError) { try opened.get() }

    /// Files named `libopenvino_c.so` or `libopenvino_c.so.<version>` in the search folders, newest version first,
    /// then the bare name for the loader.
    private static func candidates() -> [String] {
        let name = "libopenvino_c.so"
        let found = searchFolders.flatMap { folder -> [String] in
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let matching = files.filter { $0 == name || $0.hasPrefix(name + ".") }
            return matching.sorted(by: >).map { folder + "/" + $0 }
        }
        return found + [name]
    }
}

/// Calls into the C face and turns a status other than 0 into an error with the library's own words.
func check(
    model: String, as code: InferenceError.Code, _ call: (UnsafeMutablePointer<CChar>) -> Int32
) throws(InferenceError) {
    var message = [CChar](repeating: 0, count: Int(COPENVINO_MESSAGE))
    let status = LibraryGate.shared.pass {
        message.withUnsafeMutableBufferPointer { call($0.baseAddress!) }
    }
    if status != 0 { throw InferenceError(code: code, model: model, remedy: string(message)) }
}

/// The text before the first NUL.
func string(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
}
