import Foundation
import Inference
import Torch

/// The native libraries: those linked to are in this process already, OpenVINO is only looked for, and libtorch is
/// opened, because only that shows whether it sees a GPU.
extension Check {
    /// What each library is for, by the beginning of its file's name.
    private static let linked = [
        ("DCMTK", "libdcmdata.so"), ("DCMTK JPEG", "libdcmjpeg.so"), ("DCMTK JPEG-LS", "libdcmjpls.so"),
        ("OpenJPEG", "libopenjp2.so"), ("libjpeg-turbo", "libturbojpeg.so"), ("libpng", "libpng16.so"),
        ("libdeflate", "libdeflate.so"), ("zlib", "libz.so"), ("SQLite", "libsqlite3.so"),
        ("OpenSSL", "libcrypto.so"),
    ]

    /// - Parameter maps: the text of /proc/self/maps, which lists what the loader has found.
    package static func linkedLibraries(maps: String) -> [Check] {
        let paths = Set(maps.split(separator: "\n").compactMap { $0.firstIndex(of: "/").map($0.suffix(from:)) })
        return linked.compactMap { name, file in
            let path = paths.sorted().first {
                $0[($0.lastIndex(of: "/") ?? $0.startIndex)...].hasPrefix("/" + file)
            }
            return path.map { Check(name, .ok, String($0)) }
        }
    }

    /// `2026.4.0  ` of `libopenvino_c.so.2640`.
    private static func release(of library: String) -> String {
        let digits = library.split(separator: ".").last.map(Array.init) ?? []
        guard digits.count == 4, digits.allSatisfy(\.isNumber) else { return "" }
        return "20\(digits[0])\(digits[1]).\(digits[2]).\(digits[3])  "
    }

    static func openVINO() -> Check {
        for folder in OpenVINOLibrary.searchFolders {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            guard let library = files.first(where: { $0.hasPrefix("libopenvino_c.so") }) else { continue }
            return Check("OpenVINO", .ok, release(of: library) + folder)
        }
        return Check(
            "OpenVINO", .missing, "libopenvino_c.so is nowhere",
            remedy: "Run scripts/bootstrap in the source tree, or name its folder in LIGHTBOX_OPENVINO.")
    }

    /// Training needs it, nothing else does.
    static func libtorch() -> Check {
        do throws(TorchError) {
            try TorchLibrary.open()
        } catch {
            return Check("libtorch", .note, "training does not work: " + error.place, remedy: error.remedy)
        }
        let count = TorchLibrary.gpuCount
        let hasDevice = FileManager.default.fileExists(atPath: "/dev/nvidiactl")
        return Check(
            "libtorch", count == 0 && hasDevice ? .note : .ok,
            "trains on " + (count == 0 ? "the processor" : count == 1 ? "the GPU" : "\(count) GPUs"),
            remedy: count == 0 && hasDevice ? "For the GPU run scripts/bootstrap --gpu in the source tree." : nil)
    }
}
