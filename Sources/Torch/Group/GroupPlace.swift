import Foundation

/// Where the processes of a group meet, and which of them this one is.
///
/// Launchers say it in the environment: `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`, or what `srun` sets.
public struct GroupPlace: Sendable, Hashable {
    /// Of the machine of rank 0: a name or a number. Rank 0 listens there and nowhere else.
    public var address: String
    public var port: Int
    public var rank: Int
    public var count: Int
    /// The network interface for the tensors; the one that leads to `address` when nil.
    public var interface: String?
    /// How long to wait until all have come.
    public var patience = Duration.seconds(600)
    /// After so long without a sign of life a process counts as lost.
    public var silence = Duration.seconds(20)
    /// Of the program; must be the same in all.
    public var version = ""

    /// - Throws: ``TorchError`` for numbers that no group can have.
    public init(address: String, port: Int, rank: Int, count: Int) throws {
        guard (2...65_536).contains(count), (0..<count).contains(rank), (1...65_535).contains(port) else {
            throw TorchError(
                code: .groupFailed, place: "rank \(rank) of \(count), port \(port)",
                remedy: "Ranks go from 0 to the number of processes less one; ports from 1 to 65535.")
        }
        (self.address, self.port, self.rank, self.count) = (address, port, rank, count)
    }

    /// nil where the environment names no group, or one of a single process.
    ///
    /// `LIGHTBOX_GROUP_PATIENCE` and `LIGHTBOX_GROUP_SILENCE` are the two waits, in seconds; `GLOO_SOCKET_IFNAME` is
    /// the interface.
    public init?(environment: [String: String], version: String = "") throws {
        let found =
            environment["RANK"] == nil && environment["WORLD_SIZE"] == nil
            ? try Self.slurm(environment) : try Self.plain(environment)
        guard let found else { return nil }
        self = found
        self.version = version
        interface = environment["GLOO_SOCKET_IFNAME"].flatMap { $0.isEmpty ? nil : $0 }
        patience = try Self.seconds("LIGHTBOX_GROUP_PATIENCE", environment) ?? patience
        silence = try Self.seconds("LIGHTBOX_GROUP_SILENCE", environment) ?? silence
    }

    private static func plain(_ environment: [String: String]) throws -> GroupPlace? {
        guard let size = environment["WORLD_SIZE"], size != "1" else { return nil }
        guard let count = Int(size), let rank = environment["RANK"].flatMap(Int.init),
            let address = environment["MASTER_ADDR"], !address.isEmpty,
            var port = environment["MASTER_PORT"].flatMap(Int.init)
        else {
            throw TorchError(
                code: .groupFailed, place: "environment",
                remedy: "WORLD_SIZE needs RANK, MASTER_ADDR and MASTER_PORT beside it.")
        }
        // torchrun itself listens on the port that it names.
        if environment["TORCHELASTIC_USE_AGENT_STORE"] == "True" { port = port < 65_535 ? port + 1 : 1024 }
        return try GroupPlace(address: address, port: port, rank: rank, count: count)
    }

    /// Of a step that `srun` started: the first node's first task is rank 0.
    private static func slurm(_ environment: [String: String]) throws -> GroupPlace? {
        let size = environment["SLURM_STEP_NUM_TASKS"] ?? environment["SLURM_NTASKS"]
        guard let rank = environment["SLURM_PROCID"].flatMap(Int.init), let count = size.flatMap(Int.init),
            count > 1
        else { return nil }
        let list =
            environment["SLURM_STEP_NODELIST"] ?? environment["SLURM_NODELIST"]
            ?? environment["SLURM_JOB_NODELIST"]
        guard let address = environment["MASTER_ADDR"] ?? list.flatMap(firstNode(of:)) else {
            throw TorchError(
                code: .groupFailed, place: "environment",
                remedy: "SLURM_PROCID and SLURM_NTASKS need SLURM_NODELIST (or MASTER_ADDR) beside them.")
        }
        // Two jobs on one node seldom meet on a port of their own.
        let job = (environment["SLURM_JOB_ID"] ?? environment["SLURM_JOBID"]).flatMap(Int.init) ?? 0
        let port = environment["MASTER_PORT"].flatMap(Int.init) ?? 20_000 + abs(job % 10_000)
        return try GroupPlace(address: address, port: port, rank: rank, count: count)
    }

    /// The first name of a list in Slurm's writing: `gpu[03-05,7],big1` begins with `gpu03`.
    static func firstNode(of list: String) -> String? {
        var name = ""
        var characters = list[...]
        while let next = characters.popFirst(), next != "," {
            guard next == "[" else {
                name.append(next)
                continue
            }
            guard let end = characters.firstIndex(of: "]") else { return nil }
            name += characters[..<end].prefix { $0 != "-" && $0 != "," }
            characters = characters[characters.index(after: end)...]
        }
        return name.isEmpty ? nil : name
    }

    private static func seconds(_ name: String, _ environment: [String: String]) throws -> Duration? {
        guard let text = environment[name] else { return nil }
        guard let value = Double(text), (1...86_400).contains(value) else {
            throw TorchError(
                code: .groupFailed, place: "environment", remedy: "\(name) is a number of seconds, 1 to 86400.")
        }
        return .seconds(value)
    }
}
