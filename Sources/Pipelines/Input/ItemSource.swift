import Foundation
import LightboxCore

/// The images of an input one after another, always in the same order; broken entries come as problems.
struct ItemSource {
    enum Entry: Sendable {
        case item(ImageItem)
        case problem(StageReport.Problem)
    }

    /// How many entries there will be, when that is known without reading everything.
    let total: Int?
    /// Changes when the input does (names, sizes, times): a resumed run compares it.
    let fingerprint: String
    let next: () throws -> Entry?

    /// A source over lists of entries that are made one part at a time.
    init<Part>(
        parts: [Part], total: Int?, fingerprint: String,
        entries: @escaping (Part) throws -> [Entry]
    ) {
        var rest = parts.makeIterator()
        var current: IndexingIterator<[Entry]> = [Entry]().makeIterator()
        self.init(total: total, fingerprint: fingerprint) {
            while true {
                if let entry = current.next() { return entry }
                guard let part = rest.next() else { return nil }
                current = try entries(part).makeIterator()
            }
        }
    }

    init(total: Int?, fingerprint: String, next: @escaping () throws -> Entry?) {
        self.total = total
        self.fingerprint = fingerprint
        self.next = next
    }

    /// Names, sizes and modification times of files, hashed.
    static func fingerprint(of paths: [String]) -> String {
        var hasher = ContentHasher()
        for path in paths {
            if RemoteFiles.isRemote(path) {
                let status = try? RemoteFiles.remoteStatus(of: path)
                let line = "\(path)\u{0}\(status?.size ?? 0)\u{0}\(status?.stamp ?? "")\n"
                Array(line.utf8).withUnsafeBytes { hasher.update($0) }
                continue
            }
            var status = stat()
            _ = stat(path, &status)
            let line = "\(path)\u{0}\(status.st_size)\u{0}\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)\n"
            Array(line.utf8).withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finalize().description
    }
}

extension ImageInput {
    /// Lists the input.
    ///
    /// - Throws: ``InputError`` when there is nothing at that place.
    func open(home: Home, frames: FrameChoice = .all) throws -> ItemSource {
        switch self {
        case .store(let name): try storeItems(name, home: home, frames: frames)
        case .files(let pattern): try fileItems(pattern, home: home, frames: frames)
        case .csv(let path): try csvItems(path, home: home, frames: frames)
        case .records(let pattern): try recordItems(pattern, home: home)
        case .jsonLines(let pattern): try jsonLineItems(pattern, home: home)
        }
    }
}
