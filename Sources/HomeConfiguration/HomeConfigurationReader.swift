import Foundation
import Glibc
public import LightboxCore

/// Reads the settings of a home folder: what the environment says, else its `lightbox.toml`, else nothing.
public struct HomeConfigurationReader: Sendable {
    private let environment: [String: String]

    /// - Parameter environment: variables such as LIGHTBOX_DATABASE; an empty one counts as absent.
    public init(environment: [String: String]) { self.environment = environment }

    /// - Throws: ``ConfigurationError``, or ``FileFailure`` for a file that cannot be read.
    public func home(at path: String) throws -> Home {
        let place = Home(path: path)
        return Home(path: path, settings: try settings(file: place.configuration))
    }

    func settings(file: String) throws -> HomeSettings {
        var settings = HomeSettings()
        if let bytes = try Self.bytes(of: file) { try Self.read(bytes, from: file, into: &settings) }
        for setting in Setting.all {
            guard let text = environment[setting.variable], !text.isEmpty else { continue }
            try setting.apply(variable: text, to: &settings)
        }
        nameServicesOfOtherClients(&settings.storage)
        try Self.check(settings)
        return settings
    }

    /// The variables by which other clients of object storage are sent to a service of one's own.
    private func nameServicesOfOtherClients(_ storage: inout HomeSettings.Storage) {
        func value(_ names: String...) -> String? { names.compactMap { environment[$0] }.first { !$0.isEmpty } }
        if storage.s3.local == nil, storage.s3.endpoint == nil {
            storage.s3.endpoint = value("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
        }
        if storage.gs.local == nil, storage.gs.endpoint == nil, let host = value("STORAGE_EMULATOR_HOST") {
            storage.gs.endpoint = host.contains("://") ? host : "http://" + host
        }
    }

    private static func read(_ bytes: [UInt8], from file: String, into settings: inout HomeSettings) throws {
        do {
            for entry in try TOMLDocument(bytes).entries {
                let key = entry.path.joined(separator: ".")
                let place = "\(file):\(entry.line)"
                guard let setting = Setting.all.first(where: { $0.key == key }) else {
                    let nearest = NearestName.of(key, among: Setting.all.map(\.key)) ?? nearestEnding(key)
                    throw ConfigurationError(
                        place: place,
                        problem: "There is no setting '\(key.prefix(64))'."
                            + (nearest.map { " Is it '\($0)'?" }
                                ?? " Settings: \(Setting.all.map(\.key).joined(separator: ", ")).")
                    )
                }
                try setting.apply(entry.value, to: &settings, at: place)
            }
        } catch let problem as TOMLDocument.Problem {
            throw ConfigurationError(place: "\(file):\(problem.line)", problem: problem.text)
        }
    }

    /// `s3.endpoint` for `storage.s3.endpoint`.
    private static func nearestEnding(_ key: String) -> String? {
        Setting.all.map(\.key).first { $0.hasSuffix("." + key) }
    }

    private static func check(_ settings: HomeSettings) throws {
        try check(files: settings.files, settings.storage)
        if let database = settings.database, !database.hasPrefix("postgres://"),
            !database.hasPrefix("postgresql://")
        {
            throw ConfigurationError(
                place: "database", problem: "It is an address such as postgres://lightbox@db.example.org/lightbox."
            )
        }
    }

    /// `s3://BUCKET/PREFIX` of a service that is named: a bucket that is a folder of the home is shared with nobody.
    private static func check(files: String?, _ storage: HomeSettings.Storage) throws {
        guard let files else { return }
        let parts = files.split(separator: "/", omittingEmptySubsequences: false)
        let scheme = parts.first ?? ""
        guard scheme == "s3:" || scheme == "gs:", parts.count >= 3, parts[1].isEmpty,
            parts.dropFirst(2).allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) })
        else {
            throw ConfigurationError(
                place: "files", problem: "It is an address such as s3://lightbox/ward, without a slash at its end."
            )
        }
        guard !(scheme == "s3:" ? storage.s3 : storage.gs).isLocal else {
            let name = scheme.dropLast()
            throw ConfigurationError(
                place: "files",
                problem:
                    "No service is named for \(name)://. Set storage.\(name).endpoint or storage.\(name).provider."
            )
        }
    }

    /// nil when there is no file.
    private static func bytes(of file: String) throws -> [UInt8]? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileFailure(path: file, errno: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= TOMLDocument.largestFile {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw FileFailure(path: file, errno: errno) }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }
}
