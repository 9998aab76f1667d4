import ArgumentParser
import Foundation
import LightboxCore
import ObjectStorage
import Pipelines

struct StorageCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "List, copy and remove objects of gs:// and s3://.",
        subcommands: [StorageList.self, StorageCopy.self, StorageRemove.self])
}

extension GlobalOptions {
    fileprivate func stores(_ home: Home) throws -> ObjectStores {
        try ObjectStores(home.settings.storage, environment: ProcessInfo.processInfo.environment)
    }
}

struct StorageList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List what an address names.",
        discussion: """
            Examples:
              lightbox storage ls gs://films/2026
              lightbox storage ls 's3://films/**.dcm' --json
            """)

    @Argument(help: "An object, all below a beginning of keys, or a pattern.") var address: String
    @OptionGroup var global: GlobalOptions

    private struct Line: Encodable {
        let address: String
        let bytes: Int?
    }

    func run() throws {
        try global.run { context in
            for path in try context.home.files(at: address) {
                let size = try RemoteFiles.remoteStatus(of: path)?.size
                let line = Line(address: context.home.address(of: path), bytes: size)
                guard !global.json else {
                    print(String(decoding: try jsonLine(line), as: UTF8.self))
                    continue
                }
                print(Terminal.printable(line.address))
            }
        }
    }
}

struct StorageCopy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy files and objects, from anywhere to anywhere.",
        discussion: """
            An object appears whole or not at all; large ones travel in parts. Within one service the bytes stay there.

            Examples:
              lightbox storage cp scans/ gs://films/2026/ --recursive
              lightbox storage cp 's3://films/*.csv' gs://tables/
              lightbox storage cp https://example.org/labels.csv .
            """)

    @Argument(help: "What to copy, and last where to.") var addresses: [String]
    @Flag(name: [.short, .long], help: "Copy all below a folder.") var recursive = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard addresses.count > 1 else { throw ValidationError("Give what to copy and where to.") }
    }

    func run() throws {
        try global.report { context in
            let report = try ObjectCopy(global.stores(context.home), home: context.home).run(
                Array(addresses.dropLast()), to: addresses.last ?? "", isRecursive: recursive,
                progress: context.progress, isCancelled: context.isCancelled)
            return (report, errorsIn: context.home.jobs)
        }
    }
}

struct StorageRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove objects.",
        discussion: """
            Examples:
              lightbox storage rm gs://films/2026/a.dcm
              lightbox storage rm 's3://films/**' --recursive
            """)

    @Argument(help: "An object, or with --recursive all below a beginning of keys or of a pattern.") var address:
        String
    @Flag(name: [.short, .long], help: "Remove more than one.") var recursive = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            let paths = try context.home.files(at: address)
            let path = try context.home.localPath(of: address)
            guard recursive || paths == [path] else {
                throw ValidationError(
                    "\(address) names \(paths.count) objects. Pass --recursive to remove them all.")
            }
            guard address.hasPrefix("gs://") || address.hasPrefix("s3://") else {
                throw ValidationError("Give gs://BUCKET/… or s3://BUCKET/….")
            }
            for path in paths { try RemoteFiles.remove(path) }
            global.note("removed \(paths.count)")
        }
    }
}
