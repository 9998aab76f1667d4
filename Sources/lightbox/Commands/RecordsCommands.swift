import ArgumentParser

/// `lightbox records …`
struct RecordsCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records", abstract: "Write, read and split TFRecords.",
        subcommands: [RecordsWrite.self, RecordsShow.self, RecordsSplit.self])
}
