import Foundation
import LightboxCore
import ObjectStorage

/// Where the files stand that servers share, where the settings name a place for them.
extension Check {
    static func files(_ home: Home) -> [Check] {
        guard let address = home.settings.files else { return [] }
        var checks: [Check] = []
        do {
            try SharedObjects.check(home, environment: ProcessInfo.processInfo.environment)
            checks.append(Check("files", .ok, "\(address), written and read"))
        } catch {
            checks.append(
                Check(
                    "files", .missing, String(describing: error),
                    remedy: "Servers that share files need to list, read, write and delete there: docs/storage.md."
                ))
        }
        let left = [home.dicom, home.models].filter(hasFiles)
        if !left.isEmpty {
            checks.append(
                Check(
                    "files here", .note,
                    "\(left.joined(separator: " and ")) hold files that are not read any more",
                    remedy: "Copy them to \(address), or remove them: docs/storage.md."))
        }
        return checks
    }

    /// Whether there are instances or models below a folder from the time before they were shared.
    private static func hasFiles(_ folder: String) -> Bool {
        guard let walk = FileManager.default.enumerator(atPath: folder) else { return false }
        for case let name as String in walk where walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular
        {
            if !name.contains("/incoming/"), !(name as NSString).lastPathComponent.hasPrefix(".") { return true }
        }
        return false
    }
}
