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
