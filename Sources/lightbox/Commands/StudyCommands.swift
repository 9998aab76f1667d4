import ArgumentParser

struct StudyCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study", abstract: "Train several models on one data set and rank them.",
        subcommands: [StudyPolicies.self])
}
