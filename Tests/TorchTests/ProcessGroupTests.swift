import Foundation
import LightboxCore
import Networks
import Synchronization
import Testing
import Torch

@Suite("Process groups") struct ProcessGroupTests {
    /// Runs `body` for each rank on a thread of its own, all in one group over the loopback address.
    private func together<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (ProcessGroup) throws -> Value
    ) throws -> [Value] {
        let port = try freePort()
        let results = Mutex<[Int: Result<Value, any Error>]>([:])
        let done = DispatchGroup()
        for rank in 0..<count {
            done.enter()
            Thread.detachNewThread {
                let result = Result {
                    try body(ProcessGroup(address: "127.0.0.1", port: port, rank: rank, count: count))
                }
                results.withLock { $0[rank] = result }
                done.leave()
            }
        }
        done.wait()
        return try results.withLock { results in
            try (0..<count).map { try results[$0]!.get() }
        }
    }

    private func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try #require(bind(descriptor, generic, length) == 0)
                try #require(getsockname(descriptor, generic, &length) == 0)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }

    @Test("Gives all the bytes of the first")
    func sharedBytes() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let found = try together(3) { group in try group.shared { bytes } }
        #expect(found == Array(repeating: bytes, count: 3))
        #expect(try together(2) { try $0.shared { [] } } == [[], []])
    }

    /// What each of the processes says when the group does not come about.
    private func refusals(_ places: [GroupPlace]) throws -> [String] {
        let said = Mutex<[Int: String]>([:])
        let done = DispatchGroup()
        for (number, place) in places.enumerated() {
            done.enter()
            Thread.detachNewThread {
                do {
                    _ = try ProcessGroup(place)
                } catch { said.withLock { $0[number] = "\(error)" } }
                done.leave()
            }
        }
        done.wait()
        return said.withLock { said in places.indices.map { said[$0] ?? "" } }
    }

    private func places(_ ranks: [Int], of count: Int) throws -> [GroupPlace] {
        let port = try freePort()
        return try ranks.map { rank in
            var place = try GroupPlace(address: "127.0.0.1", port: port, rank: rank, count: count)
            place.patience = .seconds(1)
            return place
        }
    }

    @Test("Says who is missing")
    func missing() throws {
        let said = try refusals(places([0, 2], of: 4))
        #expect(said.allSatisfy { $0.contains("2 of 4 came in 1 s; missing: rank 1, 3.") }, "\(said)")
        #expect(try refusals(places([1], of: 2))[0].contains("Rank 0 does not answer in 1 s"))
    }

    @Test("One rank that comes twice, another version or another size ends all with the reason")
    func unfit() throws {
        #expect(try refusals(places([0, 1, 1], of: 3)).allSatisfy { $0.contains("Rank 1 came twice") })
        var mixed = try places([0, 1], of: 2)
        mixed[1].version = "0.0.9"
        #expect(try refusals(mixed).allSatisfy { $0.contains("another version of Lightbox (0.0.9") })
        mixed = try places([0, 1], of: 2)
        mixed[0].count = 3
        #expect(try refusals(mixed).allSatisfy { $0.contains("WORLD_SIZE=2, rank 0 with 3") })
    }

    @Test("A port in use and an address that is no one's are said")
    func places() throws {
        var place = try places([0], of: 2)[0]
        place.address = "192.0.2.1"  // of no machine: RFC 5737
        #expect(try refusals([place])[0].contains("not an address of this machine"))
        place.address = "no-such-host.invalid"
        #expect(try refusals([place])[0].contains("leads to no address"))
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try listening(descriptor)
        place = try GroupPlace(address: "127.0.0.1", port: port, rank: 0, count: 2)
        #expect(try refusals([place])[0].contains("The port is in use"))
    }

    private func listening(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try #require(bind(descriptor, generic, length) == 0)
                try #require(listen(descriptor, 1) == 0)
                try #require(getsockname(descriptor, generic, &length) == 0)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }

    @Test(
        "Who sends anything else is not let in, and disturbs nobody",
        arguments: [
            [], [0, 0, 0, 0], [255, 255, 255, 255, 1], Array("GET / HTTP/1.0\r\n\r\n".utf8),
            [0, 0, 0, 2, 0x7b, 0x7d], [0, 0, 0, 4] + Array("[[[[".utf8),
        ] as [[UInt8]])
    func stranger(bytes: [UInt8]) throws {
        let members = try places([0, 1], of: 2)
        let results = Mutex<[Int: [Double]]>([:])
        let done = DispatchGroup()
        for place in members {
            done.enter()
            Thread.detachNewThread {
                var place = place
                place.patience = .seconds(20)
                if place.rank == 1 {
                    // The stranger is first at the door.
                    for _ in 0..<200 where !Self.send(bytes, to: place.port) { usleep(10_000) }
                }
                let sums = (try? ProcessGroup(place).sum([1])) ?? []
                results.withLock { $0[place.rank] = sums }
                done.leave()
            }
        }
        done.wait()
        #expect(results.withLock { $0 } == [0: [2], 1: [2]])
    }

    /// - Returns: whether somebody listened.
    private static func send(_ bytes: [UInt8], to port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = UInt16(port).bigEndian
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            return false
        }
        _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        close(descriptor)
        return true
    }

    @Test("Who ends with an error tells the others which; they end with that")
    func failing() throws {
        let port = try freePort()
        let said = Mutex<[Int: String]>([:])
        let done = DispatchGroup()
        for rank in 0..<3 {
            done.enter()
            Thread.detachNewThread {
                let environment = [
                    "RANK": "\(rank)", "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
                ]
                do {
                    try ProcessGroup.working(in: environment, version: "1") { group in
                        if rank == 2 { throw TorchError(code: .shapeMismatch, place: "here", remedy: "Do this.") }
                        _ = try group?.sum([1])  // waits for a process that never comes
                    }
                } catch { said.withLock { $0[rank] = "\(error)" } }
                done.leave()
            }
        }
        done.wait()
        let words = said.withLock { $0 }
        #expect(words[2] == "here: shape mismatch. Do this.")
        for rank in 0..<2 {
            #expect(words[rank]?.contains("rank 2 on ") == true && words[rank]?.contains("Do this.") == true)
            #expect(words[rank]?.contains("--resume") == true)
        }
    }

    @Test(
        "Slurm's variables: the first node is where rank 0 is",
        arguments: [
            ("gpu[03-05,7],big1", "gpu03"), ("n1,n2", "n1"), ("alone", "alone"), ("rack[1-2]n[8,9]", "rack1n8"),
            ("c[001,004-9]-ib", "c001-ib"),
        ])
    func slurm(list: String, first: String) throws {
        var environment = [
            "SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_NODELIST": list, "SLURM_JOB_ID": "4321",
        ]
        let place = try #require(try GroupPlace(environment: environment))
        #expect((place.rank, place.count, place.address, place.port) == (3, 4, first, 24_321))
        environment["MASTER_PORT"] = "29500"
        environment["GLOO_SOCKET_IFNAME"] = "ib0"
        environment["LIGHTBOX_GROUP_SILENCE"] = "7"
        let other = try #require(try GroupPlace(environment: environment))
        #expect((other.port, other.interface, other.silence) == (29_500, "ib0", .seconds(7)))
        // RANK counts more, and one task is no group.
        environment["RANK"] = "0"
        environment["WORLD_SIZE"] = "1"
        #expect(try GroupPlace(environment: environment) == nil)
        #expect(try GroupPlace(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "1"]) == nil)
    }

    @Test("torchrun keeps the port that it names; the group takes the next")
    func torchrun() throws {
        let environment = [
            "RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "host", "MASTER_PORT": "29500",
            "TORCHELASTIC_USE_AGENT_STORE": "True",
        ]
        #expect(try GroupPlace(environment: environment)?.port == 29_501)
    }

    @Test(
        "Settings that cannot be are refused",
        arguments: [
            ["SLURM_PROCID": "0", "SLURM_NTASKS": "2"],
            ["SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_NODELIST": "a[1"],
            ["SLURM_PROCID": "2", "SLURM_NTASKS": "2", "SLURM_NODELIST": "a"],
            [
                "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1",
                "LIGHTBOX_GROUP_PATIENCE": "forever",
            ],
        ])
    func refused(environment: [String: String]) {
        #expect(throws: TorchError.self) { try GroupPlace(environment: environment) }
    }

    @Test("Sums values and meets")
    func sums() throws {
        let sums = try together(3) { group in
            try group.barrier()
            return try group.sum([Double(group.rank), 1, 0.5])
        }
        #expect(sums == Array(repeating: [3, 3, 1.5], count: 3))
    }

    @Test("Gives all the weights of the first")
    func broadcast() throws {
        let graph = try Network.tiny.graph(height: 16, width: 16, channels: 3)
        let weights = try together(2) { group in
            let initial = NetworkWeights.initial(for: graph, seed: UInt64(group.rank))
            let network = try TrainableNetwork(graph, weights: initial, group: group)
            try group.broadcast(network)
            return try network.weights()
        }
        #expect(weights == Array(repeating: .initial(for: graph, seed: 0), count: 2))
    }

    /// Three steps of descent on a part of the batch, or on the whole.
    private static func train(_ graph: Graph, hasOwnKernels: Bool, group: ProcessGroup?) throws -> NetworkWeights {
        try TorchLibrary.withOwnKernels(hasOwnKernels) {
            let network = try TrainableNetwork(graph, weights: Formula.weights(for: graph), group: group)
            var settings = OptimizerSettings(.sgd)
            settings.momentum = 0.9
            let optimizer = try Optimizer(settings, parameters: network.parameters)
            let (images, targets) = (
                Formula.images(count: 8, shape: graph.inputShape), Formula.numbers("targets", count: 80)
            )
            let count = 8 / (group?.count ?? 1)
            let begin = count * (group?.rank ?? 0)
            let size = graph.inputShape.reduce(1, *)
            let part = NDArray(
                shape: [count] + graph.inputShape,
                values: Array(images.values[begin * size..<(begin + count) * size]))
            let wanted = NDArray(
                shape: [count, 10], values: targets[begin * 10..<(begin + count) * 10].map { ($0 + 1) / 2 })
            for step in 0..<3 {
                try optimizer.clearGradients()
                let logits = try network.forward(Tensor.images(part), .training(seed: UInt64(step)))
                try Loss.sigmoidCrossEntropy(logits: logits, targets: Tensor(wanted)).backward()
                try group?.averageGradients(network.parameters)
                try optimizer.step(learningRate: 0.05)
            }
            return try network.weights()
        }
    }

    @Test("Two give what one gives on the double batch", arguments: [true, false])
    func equalsOne(hasOwnKernels: Bool) throws {
        let graph = try Network.tiny.graph(height: 32, width: 32, channels: 3, output: .logits())
        let alone = try ProcessGroupTests.train(graph, hasOwnKernels: hasOwnKernels, group: nil)
        let both = try together(2) {
            try ProcessGroupTests.train(graph, hasOwnKernels: hasOwnKernels, group: $0)
        }
        #expect(both[0] == both[1])
        for (name, arrays) in alone.layers {
            for (found, expected) in zip(both[0].layers[name] ?? [], arrays) {
                let off = zip(found.values, expected.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
                #expect(off < 1e-5, "\(name)")
            }
        }
    }

    @Test("Reads a launcher's environment")
    func environment() throws {
        #expect(try ProcessGroup.fromEnvironment([:]) == nil)
        #expect(try ProcessGroup.fromEnvironment(["WORLD_SIZE": "1", "RANK": "0"]) == nil)
        #expect(throws: TorchError.self) { try ProcessGroup.fromEnvironment(["WORLD_SIZE": "2", "RANK": "0"]) }
        #expect(throws: TorchError.self) {
            try ProcessGroup.fromEnvironment([
                "WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500",
            ])
        }
    }
}
