import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

/// What a command tells Slurm of its jobs.
struct SlurmOptions: ParsableArguments {
    @Option(name: .customLong("slurm-partition"), help: ArgumentHelp("Slurm's partition.", valueName: "name"))
    var partition: String?
    @Option(name: .customLong("slurm-account"), help: ArgumentHelp("Slurm's account.", valueName: "name"))
    var account: String?
    @Option(
        name: .customLong("slurm-time"),
        help: ArgumentHelp("The most that one job of the array may take: 90, 12:00:00, 2-0.", valueName: "time"))
    var time: String?
    @Option(name: .customLong("slurm-memory"), help: ArgumentHelp("Of one job: 4G.", valueName: "size"))
    var memory: String?
    @Option(
        name: .customLong("slurm-option"),
        help: ArgumentHelp("Another option for sbatch; may be repeated.", valueName: "name=value"))
    var further: [String] = []
    @Flag(help: "On Slurm: end when the jobs are submitted; the last of them finishes the output.")
    var detach = false

    /// Whether any was given.
    var isUsed: Bool {
        detach || !further.isEmpty || [partition, account, time, memory].contains { $0 != nil }
    }

    func validate() throws {
        for option in further {
            let name = option.prefix { $0 != "=" }
            guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }),
                !name.hasPrefix("-")
            else { throw ValidationError("--slurm-option is NAME=VALUE, as sbatch has it after its dashes.") }
        }
        if let taken = engine(home: "/").misplacedOptions.first {
            throw ValidationError("--slurm-option \(taken) is what Lightbox sets itself.")
        }
        guard ![partition, account, time, memory].contains(where: { $0?.isEmpty == true }) else {
            throw ValidationError("An option of Slurm needs a value.")
        }
    }

    func engine(home: String) -> SlurmEngine {
        var engine = SlurmEngine(home: home)
        (engine.partition, engine.account, engine.time, engine.memory) = (partition, account, time, memory)
        engine.options = further
        engine.detaches = detach
        return engine
    }
}
