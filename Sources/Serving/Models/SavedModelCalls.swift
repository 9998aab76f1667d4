import Inference

extension OpenedModel {
    static func savedModelCalls(
        _ path: String, name: String, settings: LoadedModel.Settings
    ) throws -> [any ServedCall] {
        [try ArrayCall(.file(path), name: name, settings: settings)]
    }
}
