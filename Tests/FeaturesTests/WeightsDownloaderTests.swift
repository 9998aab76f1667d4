import Features
import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("Weights catalogue") struct WeightsCatalogueTests {
    @Test(
        "Knows every network's file with and without top",
        arguments: [
            ("xception", false, "xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5"),
            ("Inception-V3", true, "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels.h5"),
            ("densenet169", false, "densenet/densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5"),
            ("resnet50", true, "resnet/resnet50_weights_tf_dim_ordering_tf_kernels.h5"),
            ("mobilenet", false, "mobilenet/mobilenet_1_0_224_tf_no_top.h5"),
            ("mobilenet_0.50", true, "mobilenet/mobilenet_5_0_224_tf.h5"),
            (
                "mobilenet_v2_0.35", false,
                "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
            ),
            ("mobilenet_v2", true, "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"),
        ])
    func file(name: String, top: Bool, place: String) throws {
        let file = try WeightsCatalogue.file(name, top: top)
        #expect(file.url == "https://storage.googleapis.com/tensorflow/keras-applications/" + place)
        #expect((file.integrity == .unpublished) == name.hasPrefix("mobilenet"))
    }

    @Test("An unknown network or picture size lists what there is") func unknown() throws {
        let error = #expect(throws: WeightsError.self) { try WeightsCatalogue.file("vgg16") }
        #expect(error?.code == .unknownNetwork && error!.description.contains("densenet121"))
        #expect(throws: WeightsError.self) { try WeightsCatalogue.file("mobilenet_v2_1.4", inputSize: 96) }
        #expect(try WeightsCatalogue.file("mobilenet_v2_0.35", inputSize: 96).fileName.contains("_0.35_96_no_top"))
    }

    @Test("No two files share a name") func names() {
        #expect(Set(WeightsCatalogue.files.map(\.fileName)).count == WeightsCatalogue.files.count)
    }
}

@Suite("Weights downloader") struct WeightsDownloaderTests {
    /// 300 kB that begin as an HDF5 file does.
    static let content: [UInt8] =
        [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        + (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
    static let hash = ContentHash(of: content)

    static func whole(_ request: FaultyServer.Request, _: Int) -> FaultyServer.Response {
        .part(of: content, request)
    }

    static func visibleFiles(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    @Test("Brings a file, reports its digest and progress, and leaves nothing else") func whole() throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer(Self.whole)
            defer { server.stop() }
            let last = Mutex<(Int, Int?)>((0, nil))
            let downloader = WeightsDownloader(folder: folder + "/weights", mirror: server.origin + "/")
            let result = try downloader.pull("mobilenet") { update in
                last.withLock { $0 = (update.completed, update.total) }
            }
            #expect(result.sha256 == Self.hash && result.bytes == Self.content.count && result.wasDownloaded)
            #expect(!result.isVerified)
            #expect(last.withLock { $0.0 == Self.content.count && $0.1 == Self.content.count })
            #expect(try Self.visibleFiles(folder + "/weights") == ["mobilenet_1_0_224_tf_no_top.h5"])
            #expect(server.requests.map(\.path) == ["/mobilenet/mobilenet_1_0_224_tf_no_top.h5"])
            let again = try downloader.pull("mobilenet", pinned: Self.hash)
            #expect(!again.wasDownloaded && again.isVerified && server.requests.count == 1)
        }
    }

    @Test("A wrong digest is refused with both, and nothing is kept", arguments: ["xception", "mobilenet"])
    func wrongHash(network: String) throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer(Self.whole)
            defer { server.stop() }
            let downloader = WeightsDownloader(folder: folder, mirror: server.origin)
            let pinned = ContentHash(of: "other".utf8)
            let error = #expect(throws: WeightsError.self) { try downloader.pull(network, pinned: pinned) }
            #expect(error?.code == .wrongChecksum)
            let digests =
                network == "xception" ? ["md5:b0042744bf5b25fce3cb969f33bebb97"] : ["\(pinned)", "\(Self.hash)"]
            #expect(digests.allSatisfy { error!.description.contains($0) })
            #expect(try Self.visibleFiles(folder).isEmpty)
        }
    }

    @Test("After a broken connection the next call goes on where it ended") func resume() throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer { request, number in
                guard number == 0 else { return Self.whole(request, number) }
                return .init(body: Array(Self.content.prefix(100_000)), promisedLength: Self.content.count)
            }
            defer { server.stop() }
            let downloader = WeightsDownloader(folder: folder, mirror: server.origin)
            let error = #expect(throws: WeightsError.self) { try downloader.pull("mobilenet") }
            #expect(error?.code == .interrupted)
            #expect(!FileManager.default.fileExists(atPath: folder + "/mobilenet_1_0_224_tf_no_top.h5"))
            #expect(try downloader.pull("mobilenet", pinned: Self.hash).isVerified)
            #expect(server.requests.map(\.range?.start) == [nil, 100_000])
        }
    }

    @Test("A part of some other file is thrown away and the file brought whole") func staleParts() throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer(Self.whole)
            defer { server.stop() }
            let downloader = WeightsDownloader(folder: folder, mirror: server.origin)
            for stale in [5_000, Self.content.count, 400_000] {
                try AtomicFile.write(
                    [UInt8](repeating: 7, count: stale), to: folder + "/.mobilenet_1_0_224_tf_no_top.h5.part")
                #expect(try downloader.pull("mobilenet", pinned: Self.hash).sha256 == Self.hash)
                try FileManager.default.removeItem(atPath: folder + "/mobilenet_1_0_224_tf_no_top.h5")
            }
        }
    }

    @Test("A server without ranges is read from the start") func noRanges() throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer { _, _ in .init(body: Self.content) }
            defer { server.stop() }
            try AtomicFile.write(
                Self.content[..<9000].map { $0 }, to: folder + "/.mobilenet_1_0_224_tf_no_top.h5.part")
            let downloader = WeightsDownloader(folder: folder, mirror: server.origin)
            #expect(try downloader.pull("mobilenet").sha256 == Self.hash)
        }
    }

    @Test("A refusal names the status and how to place the file by hand") func notFound() throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer { _, _ in .init(status: 404, body: Array("nothing".utf8)) }
            defer { server.stop() }
            let downloader = WeightsDownloader(folder: folder, mirror: server.origin)
            let error = #expect(throws: WeightsError.self) { try downloader.pull("densenet121") }
            #expect(error?.code == .httpStatus && error!.description.contains("404"))
            #expect(
                error!.description.contains(folder + "/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5"))
            #expect(try Self.visibleFiles(folder).isEmpty)
        }
    }

    @Test("A page in place of weights is refused") func notHDF5() throws {
        try withTemporaryFolder { (folder: String) throws in
            let server = FaultyServer { _, _ in .init(body: Array(String(repeating: "<p>", count: 1000).utf8)) }
            defer { server.stop() }
            let downloader = WeightsDownloader(folder: folder, mirror: server.origin)
            let error = #expect(throws: WeightsError.self) { try downloader.pull("mobilenet_v2_0.35") }
            #expect(error?.code == .notWeights)
            #expect(try Self.visibleFiles(folder).isEmpty)
        }
    }

    @Test("Without a connection it says where to put the file") func noConnection() throws {
        try withTemporaryFolder { (folder: String) throws in
            // Port 9 of this machine: nobody listens there.
            let downloader = WeightsDownloader(folder: folder, mirror: "http://127.0.0.1:9")
            let error = #expect(throws: WeightsError.self) { try downloader.pull("resnet50") }
            #expect(error?.code == .noConnection && error!.description.contains("put it at \(folder)"))
        }
    }
}
