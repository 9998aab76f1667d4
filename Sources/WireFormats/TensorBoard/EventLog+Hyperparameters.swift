import Foundation

/// What TensorBoard's table of hyper-parameters compares across the runs of a study
/// (tensorboard/plugins/hparams/plugin_data.proto and api.proto).
extension EventLog {
    public enum Outcome: UInt64, Sendable {
        case success = 1
        case failure = 2
    }

    /// Writes what this run was started with; call it once, before the first step.
    ///
    /// - Parameters:
    ///   - settings: an object; members of objects within it become `optimizer/kind`, lists become text.
    ///   - metrics: tags of this run's scalars that the table shows beside the settings.
    ///   - group: runs of one group repeat the same settings, with other seeds.
    public func hyperparameters(_ settings: JSONValue, metrics: [String] = [], group: String = "") throws {
        let time = now.timeIntervalSince1970
        let settings = try Hyperparameter.list(settings)
        var experiment = ProtobufWriter()
        experiment.message(2) { experiment in
            experiment.field(3, double: time)
            for setting in settings {
                experiment.message(4) { info in
                    info.field(1, text: setting.name)
                    info.field(4, varint: setting.type)
                }
            }
            for metric in metrics {
                experiment.message(5) { info in info.message(1) { $0.field(2, text: metric) } }
            }
        }
        try hyperparameters("_hparams_/experiment", experiment)
        var start = ProtobufWriter()
        start.message(3) { session in
            for setting in settings { session.message(1) { setting.append(to: &$0) } }
            if !group.isEmpty { session.field(4, text: group) }
            session.field(5, double: time)
        }
        try hyperparameters("_hparams_/session_start_info", start)
    }

    /// Writes how the run ended, and brings the file to the disk. TensorBoard keeps the first end that it meets:
    /// a run that is stopped to go on later has none yet.
    public func end(_ outcome: Outcome) throws {
        var end = ProtobufWriter()
        end.message(4) { session in
            session.field(1, varint: outcome.rawValue)
            session.field(2, double: now.timeIntervalSince1970)
        }
        try hyperparameters("_hparams_/session_end_info", end)
        try flush()
    }
}

/// One setting of a run, as a `google.protobuf.Value` holds it.
private struct Hyperparameter {
    let name: String
    let value: JSONValue

    /// The settings of an object and of the objects within it, sorted by name.
    static func list(_ settings: JSONValue, under prefix: String = "") throws -> [Hyperparameter] {
        let found = try (settings.members ?? []).flatMap { member in
            let name = prefix + member.name
            return switch member.value {
            case .object: try list(member.value, under: name + "/")
            case .null: [Hyperparameter(name: name, value: .string("none"))]
            case .array, .numbers:
                [
                    Hyperparameter(
                        name: name, value: .string(String(decoding: try member.value.serialized(), as: UTF8.self)))
                ]
            default: [Hyperparameter(name: name, value: member.value)]
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// `DataType` of api.proto.
    var type: UInt64 {
        switch value {
        case .bool: 2
        case .integer, .number: 3
        default: 1
        }
    }

    /// The entry of a map from names to values.
    func append(to entry: inout ProtobufWriter) {
        entry.field(1, text: name)
        entry.message(2) { content in
            switch value {
            case .bool(let flag): content.field(4, varint: flag ? 1 : 0)
            case .string(let text): content.field(3, text: text)
            default: content.field(2, double: value.double ?? .nan)
            }
        }
    }
}
