import ArgumentParser

struct TrainCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a classifier or a heat-map network.",
        discussion: """
            The run's folder gets checkpoints, TensorBoard logs, report.html and, at the end, the model: \
            OUTPUT/model. Ctrl-C saves and ends; the same command with --resume goes on.
            """,
        subcommands: [TrainTransfer.self, TrainClassifier.self, TrainHeatmap.self])
}
