extension SavedModel {
    /// Kinds of operation that a model may not hold, each with the reason; sorted by kind, empty for a good model.
    ///
    /// What TensorFlow's own saver puts into every graph (`SaveV2`, `RestoreV2`…) is not meant: it is never run.
    /// A reader of files is refused only where a signature reaches it, by ``cut(signature:allowsFetching:)`` too.
    public func refusals() throws -> [SavedModelError] {
        var found: [String: SavedModelError] = [:]
        for node in nodes + library.values.flatMap(\.nodes) where found[node.operation] == nil {
            if let reason = Self.reason(against: node.operation) {
                found[node.operation] = SavedModelError(
                    .refusedOperation, path, operation: node.operation, remedy: reason)
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Why an operation is refused; nil for one that is not.
    static func reason(against operation: String) -> String? {
        if code.contains(operation) {
            return "It runs code that is not in the file: export the model without Python functions."
        }
        let isReader = operation.hasSuffix("ReaderV2") || operation.hasSuffix("Reader")
        if files.contains(operation) || isReader || operation.contains("Dataset")
            || operation.hasPrefix("Iterator")
        {
            return
                "It reads or writes files on the server: export the model so that it takes the bytes themselves."
        }
        if network.contains(operation) { return "It talks to other machines: export the model without it." }
        return nil
    }

    private static let code: Set = [
        "PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunc", "RemoteCall", "XlaLaunch", "XlaLaunchV2",
        "LoadLibrary",
    ]

    private static let files: Set = [
        "ReadFile", "WriteFile", "MatchingFiles", "WriteRawFile", "LoadAndRemapMatrix",
        "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2", "ImmutableConst", "ReaderRead", "ReaderReadV2", "ReaderReadUpTo",
        "SummaryWriter", "CreateSummaryFileWriter", "WriteSummary", "Save", "SaveSlices", "DebugIdentityV2",
        "PrintV2", "Print", "DebugNanCount", "DebugNumericSummary",
    ]

    private static let network: Set = [
        "Recv", "Send", "_Recv", "_Send", "CreateSummaryDbWriter", "RpcOp", "TryRpc", "Rpc", "DataServiceDataset",
        "ConfigureDistributedTPU", "CollectiveReduce", "CollectiveGather", "CollectiveBcastRecv",
    ]
}
