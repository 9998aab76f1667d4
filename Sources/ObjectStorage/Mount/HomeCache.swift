import Foundation
import LightboxCore
import Synchronization

/// The caches of a home folder: copies of single objects, and folders of copies.
package enum HomeCache {
    private static let caches = Mutex<[String: ObjectCache]>([:])

    /// One for a folder, whoever asks: bytes are counted together.
    static func objects(of home: Home) -> ObjectCache {
        let limit = home.settings.cacheBytes ?? 10 << 30
        return caches.withLock { caches in
            if let cache = caches[home.cache] { return cache }
            let cache = ObjectCache(
                folder: home.cache + "/objects", limit: limit,
                leftovers: [
                    .init(home.cache + "/objects"), .init(home.cache + "/fetched"),
                    .init(home.versions),
                    // What has no dot before its name is gone on with by another run.
                    .init(home.objects, hidden: true),
                ]
            ) {
                for folder in [home.cache + "/fetched", home.versions] { sweepFetched(folder, limit: limit) }
            }
            caches[home.cache] = cache
            return cache
        }
    }

    /// Removes folders that no process reads: what was not used for two weeks, and the oldest where all together are too
    /// large.
    package static func sweepFetched(_ folder: String, limit: Int) {
        var places: [(path: String, size: Int, used: Int)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where !name.hasSuffix(".part") {
            let path = folder + "/" + name
            var status = stat()
            guard stat(path, &status) == 0, let files = try? FileTree.files(below: path) else { continue }
            let used = status.st_mtim.tv_sec
            let size = files.reduce(0) { sum, file in
                stat(file, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
            }
            places.append((path, size, used))
        }
        var left = places.reduce(0) { $0 + $1.size }
        for place in places.sorted(by: { $0.used < $1.used }) {
            guard left > limit || time(nil) - place.used > 14 * 86_400 else { break }
            if time(nil) - place.used > 60, Leftovers.removeUnlessClaimed(place.path) { left -= place.size }
        }
    }
}
