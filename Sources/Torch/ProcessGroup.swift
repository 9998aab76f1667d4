import CTorch

/// The processes that train one network together; each has the same weights and its own part of the batch.
///
/// They meet by TCP at the first one's address and talk by gloo. Not Sendable: it belongs to the thread that trains.
public final class ProcessGroup {
    /// This process's number, from 0.
    public let rank: Int
    public let count: Int
    let handle: OpaquePointer
    private let functions: ctorch_functions

    /// Waits until all have come, half an hour at most.
    ///
    /// - Parameters:
    ///   - address: of the machine of rank 0; that process listens on `port`.
    public init(address: String, port: Int, rank: Int, count: Int) throws {
        guard count >= 1, (0..<count).contains(rank), (1...65_535).contains(port) else {
            throw TorchError(
                code: .groupFailed, place: "rank \(rank) of \(count), port \(port)",
                remedy: "Ranks go from 0 to the number of processes less one; ports from 1 to 65535.")
        }
        let functions = try TorchLibrary.functions()
        self.rank = rank
        self.count = count
        self.functions = functions
        var made: OpaquePointer?
        try check("\(address):\(port), rank \(rank) of \(count)", as: .groupFailed) {
            functions.group_make(address, Int32(port), Int32(rank), Int32(count), &made, $0)
        }
        guard let made else {
            throw TorchError(code: .groupFailed, place: address, remedy: "The engine gave no group.")
        }
        handle = made
    }

    deinit { functions.group_release(handle) }

    /// From `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`, which launchers set; nil where there is no
    /// `WORLD_SIZE` or it is 1.
    public static func fromEnvironment(_ environment: [String: String]) throws -> ProcessGroup? {
        guard let size = environment["WORLD_SIZE"], size != "1" else { return nil }
        guard let count = Int(size), let rank = environment["RANK"].flatMap(Int.init),
            let address = environment["MASTER_ADDR"], let port = environment["MASTER_PORT"].flatMap(Int.init)
        else {
            throw TorchError(
                code: .groupFailed, place: "environment",
                remedy: "WORLD_SIZE needs RANK, MASTER_ADDR and MASTER_PORT beside it.")
        }
        return try ProcessGroup(address: address, port: port, rank: rank, count: count)
    }

    /// Replaces each gradient by the mean over the processes.
    public func averageGradients(_ parameters: [Parameter]) throws {
        let handles = parameters.map { Optional($0.tensor.handle) }
        try check("gradients", as: .groupFailed) {
            functions.group_average_gradients(handle, handles, Int32(handles.count), $0)
        }
    }

    /// Gives every process the weights and statistics of the first.
    public func broadcast(_ network: TrainableNetwork) throws {
        try broadcast(network.tensors)
    }

    /// Gives every process the values of the first.
    public func broadcast(_ tensors: [Tensor]) throws {
        let handles = tensors.map { Optional($0.handle) }
        try check("weights", as: .groupFailed) {
            functions.group_broadcast(handle, handles, Int32(handles.count), $0)
        }
    }

    /// The sums over the processes, of as many values in each.
    public func sum(_ values: [Double]) throws -> [Double] {
        var sums = values
        try check("sum", as: .groupFailed) { functions.group_sum(handle, &sums, Int64(sums.count), $0) }
        return sums
    }

    /// Waits until all have come here.
    public func barrier() throws {
        try check("barrier", as: .groupFailed) { functions.group_barrier(handle, $0) }
    }
}
