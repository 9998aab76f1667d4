import Foundation
import LightboxCore
import Synchronization

/// The home of a worker, by which it reaches objects with its own endpoint and credentials: tasks carry addresses only.
///
/// It is opened by the first task that names an object; others need none.
final class WorkerHome: Sendable {
    private let open: @Sendable () throws -> Home
    private let opened = Mutex<Home?>(nil)

    init(_ open: @escaping @Sendable () throws -> Home) { self.open = open }

    /// The path of an address in this home; a path as it is.
    func path(of place: String) throws -> String {
        guard !place.hasPrefix("/"), let scheme = place.range(of: "://")?.lowerBound else { return place }
        let home = try opened.withLock { opened in
            let home = try opened ?? open()
            opened = home
            return home
        }
        // Any address of that kind shows where it goes; this one may have a key that no user could write.
        guard try RemoteFiles.isRemote(home.localPath(of: "\(place[..<scheme])://bucket/key")),
            let path = RemotePath.path(of: place, below: home.objects)
        else {
            throw InputError(
                .environment,
                "no service is named for \(place) on \(ProcessInfo.processInfo.hostName). Name it in the worker's "
                    + "environment, or in lightbox.toml of its home.")
        }
        return path
    }

    /// Notes the objects of a task, which are then brought a few ahead of their use, as they were when they were listed.
    func expect(_ items: [WorkerItem]) throws {
        let files = try items.compactMap { item -> ExpectedFile? in
            guard let file = item.file, let stamp = file.stamp else { return nil }
            return ExpectedFile(path: try path(of: file.path), size: file.bytes, stamp: stamp)
        }
        if !files.isEmpty { RemoteFiles.expect(files) }
    }
}
