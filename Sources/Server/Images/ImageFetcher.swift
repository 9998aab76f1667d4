import Foundation
public import LightboxCore
import ObjectStorage
public import Serving
import Synchronization

/// Fetches images that requests name, from places on a list: bounded in size and time, never from private addresses,
/// and without following redirects.
public final class ImageFetcher: RemoteImages {
    private let places: AllowedPlaces
    private let home: Home
    /// Of one image.
    private let seconds: Int
    private let underWay = Atomic<Int>(0)
    private static let maximumAtOnce = 16

    public init(_ places: AllowedPlaces, home: Home, seconds: Int = 20) {
        self.places = places
        self.home = home
        self.seconds = seconds
    }

    public func bytes(at url: String, limit: Int) async throws -> Bytes {
        guard let address = places.address(url) else {
            throw refused("the address is not on this server's list", "Send the image's bytes.")
        }
        guard underWay.add(1, ordering: .relaxed).newValue <= Self.maximumAtOnce else {
            underWay.subtract(1, ordering: .relaxed)
            throw ServingError(.overloaded, "many images are being fetched", remedy: "Ask again later.")
        }
        defer { underWay.subtract(1, ordering: .relaxed) }
        return try await onOwnThread { [self] in
            switch address {
            case .https(let url): try fetch(url, limit)
            case .bucket(let address): try read(address, limit)
            }
        }
    }

    private func fetch(_ url: String, _ limit: Int) throws -> Bytes {
        var rules = CurlTransfer.Rules()
        rules.followsRedirects = false
        rules.onlyHTTPS = true
        rules.seconds = seconds
        rules.allows = { PublicAddress.isPublic($0) }
        var bytes: [UInt8] = []
        var isTooLarge = false
        let answer = try CurlTransfer().get(url, rules: rules) { piece, answer in
            guard answer.status == 200 else { return false }
            isTooLarge = bytes.count + piece.count > limit || answer.length ?? 0 > limit
            if !isTooLarge { bytes += piece }
            return !isTooLarge
        }
        if isTooLarge { throw tooLarge(limit) }
        guard answer.code == 0, answer.status == 200 else {
            let what = answer.status == 0 ? "it cannot be reached" : "it answers with \(answer.status)"
            throw refused("the image cannot be fetched: \(what)", "Check the address, or send the image's bytes.")
        }
        return Bytes(bytes)
    }

    private func read(_ address: String, _ limit: Int) throws -> Bytes {
        let missing = refused("there is no such object", "Check the address.")
        guard let path = try? home.localPath(of: address) else { throw missing }
        if RemoteFiles.isRemote(path) {
            guard let size = try? RemoteFiles.remoteStatus(of: path)?.size else { throw missing }
            guard size <= limit else { throw tooLarge(limit) }
            guard let file = try? MappedFile(path: path) else { throw missing }
            return Bytes(file)
        }
        guard let real = realpath(path, nil) else { throw missing }
        defer { free(real) }
        let found = String(cString: real)
        // A link may lead out of the bucket.
        let bucket = address.split(separator: "/")[1]
        guard let root = realpath(home.buckets + "/" + bucket, nil) else { throw missing }
        defer { free(root) }
        guard found.hasPrefix(String(cString: root) + "/"), let file = try? MappedFile(path: found) else {
            throw missing
        }
        let bytes = Bytes(file)
        guard bytes.count <= limit else { throw tooLarge(limit) }
        return bytes
    }

    private func refused(_ problem: String, _ remedy: String) -> ServingError {
        ServingError(.remoteImagesRefused, problem, remedy: remedy)
    }

    private func tooLarge(_ limit: Int) -> ServingError {
        ServingError(.tooLarge, "the image has over \(limit) bytes", remedy: "Send a smaller one.")
    }
}
