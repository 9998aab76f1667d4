import CTorch
import Foundation

/// The processes that train one network together; each has the same weights and its own part of the batch.
///
/// They meet by TCP at the first one's address and talk by gloo; all notice within seconds when one is gone.
/// Not Sendable: it belongs to the thread that trains.
public final class ProcessGroup {
    /// This process's number, from 0.
    public let rank: Int
    public let count: Int
    let handle: OpaquePointer
    private let functions: ctorch_functions
    private let watch: GroupWatch
    private let alarm: Alarm

    /// Waits until all have come. From then on this program ignores SIGPIPE: gloo writes to connections that the
    /// other end may have closed.
    ///
    /// - Throws: ``TorchError``, which says who is missing or who does not belong to the group.
    public init(_ place: GroupPlace) throws {
        let functions = try TorchLibrary.functions()
        signal(SIGPIPE, SIG_IGN)
        let door = try GroupDoor.open(place)
        let alarm = try Alarm(functions)
        let watch = GroupWatch(door, place) { alarm.ring() }
        var made: OpaquePointer?
        do {
            // The engine takes the descriptor over and closes it.
            let store = door.store.map { dup($0.descriptor) } ?? -1
            try check("\(place.address):\(place.port), rank \(place.rank) of \(place.count)", as: .groupFailed) {
                functions.group_make(
                    door.storeAddress, Int32(door.storePort), store, place.interface ?? "", door.ownAddress,
                    Int32(place.rank), Int32(place.count), alarm.handle, &made, $0)
            }
            handle = made!
        } catch {
            Thread.sleep(forTimeInterval: 0.3)  // the verdict may be on its way
            watch.fail("\(error)")
            throw watch.loss?.error ?? error
        }
        (rank, count) = (place.rank, place.count)
        (self.functions, self.watch, self.alarm) = (functions, watch, alarm)
    }

    /// With the waits of ``GroupPlace``.
    ///
    /// - Parameters:
    ///   - address: of the machine of rank 0; that process listens on `port`.
    public convenience init(address: String, port: Int, rank: Int, count: Int) throws {
        try self.init(GroupPlace(address: address, port: port, rank: rank, count: count))
    }

    deinit {
        watch.leave()
        functions.group_release(handle)
    }

    /// Joins the group that the environment names, see ``GroupPlace``; nil where it names none.
    public static func fromEnvironment(_ environment: [String: String], version: String = "") throws
        -> ProcessGroup?
    {
        try GroupPlace(environment: environment, version: version).map(ProcessGroup.init)
    }

    /// Runs the whole work of this process with the group that the environment names, and tells the others how it
    /// ended. Where one of them was lost, that is the error, whatever broke because of it.
    public static func working<Value>(
        in environment: [String: String], version: String, _ body: (ProcessGroup?) throws -> Value
    ) throws -> Value {
        guard let group = try fromEnvironment(environment, version: version) else { return try body(nil) }
        do {
            let value = try group.explained { try body(group) }
            group.watch.leave()
            return value
        } catch {
            group.watch.fail("\(error)")
            throw error
        }
    }

    /// Throws the loss of a process in place of what broke because of it.
    public func explained<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            if let loss = watch.loss { throw loss.error }
            guard functions.group_has_failed(handle) != 0, let loss = watch.awaitLoss() else { throw error }
            throw loss.error
        }
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

    /// The bytes of the first process, in all of them.
    public func shared(_ own: () throws -> [UInt8]) throws -> [UInt8] {
        var bytes = rank == 0 ? try own() : []
        var length = [UInt8](repeating: 0, count: 8)
        if rank == 0 { length = withUnsafeBytes(of: UInt64(bytes.count).littleEndian, Array.init) }
        try check("bytes", as: .groupFailed) { functions.group_broadcast_bytes(handle, &length, 8, $0) }
        let count = length.reversed().reduce(0) { $0 << 8 | Int($1) }
        if rank != 0 { bytes = [UInt8](repeating: 0, count: count) }
        try check("bytes", as: .groupFailed) {
            functions.group_broadcast_bytes(handle, &bytes, Int64(count), $0)
        }
        return bytes
    }
}

/// Ends every wait of a group's calls once it rings.
private final class Alarm: @unchecked Sendable {
    // Unchecked: the engine's flag is atomic, and it lives as long as this.
    let handle: OpaquePointer
    private let functions: ctorch_functions

    init(_ functions: ctorch_functions) throws {
        self.functions = functions
        guard let made = functions.alarm_make() else {
            throw TorchError(code: .groupFailed, place: "group", remedy: "There is no memory left.")
        }
        handle = made
    }

    func ring() { functions.alarm_ring(handle) }

    deinit { functions.alarm_release(handle) }
}
