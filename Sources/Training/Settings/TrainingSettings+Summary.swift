import LightboxCore
import Torch
package import WireFormats

extension TrainingSettings {
    /// The settings one by one, under the names of the command line: for the table of hyper-parameters of a study
    /// and for the page.
    package var summary: [(name: String, value: JSONValue)] {
        var list: [(String, JSONValue)] = [("task", .string(task.name))]
        switch task {
        case .labels(let policy): list.append(("uncertain", .string(policy.description)))
        case .classes(let hasExtraSlot): list.append(("extra slot", .bool(hasExtraSlot)))
        case .heatmap(let loss): list.append(("loss", .string(loss.rawValue)))
        }
        list.append(maxSteps.map { ("max steps", .integer(Int64($0))) } ?? ("epochs", .integer(Int64(epochs))))
        list += [
            ("batch", .integer(Int64(batchSize))), ("seed", .string("\(seed)")),
            ("learning rate", .number(learningRate.peak)),
            ("schedule", .string(learningRate.schedule.description)),
            ("warm-up steps", .integer(Int64(learningRate.warmupSteps))),
            ("optimizer", .string(optimizer.kind.rawValue)),
            ("weight decay", .number(Double(optimizer.weightDecay))),
            ("precision", .string(precision.rawValue)), ("trained layers", .string(trainable.description)),
            ("class weights", .string(classWeights.description)), ("monitor", .string(monitor.rawValue)),
        ]
        if let earlyStopping { list.append(("patience", .integer(Int64(earlyStopping.patience)))) }
        return list
    }
}

extension JSONValue {
    /// As in a table.
    var shown: String {
        switch self {
        case .string(let text): text
        case .bool(let flag): flag ? "yes" : "no"
        case .integer(let value): "\(value)"
        default: double.map { "\($0)" } ?? ""
        }
    }
}

extension Schedule: CustomStringConvertible {
    public var description: String {
        switch self {
        case .constant: "constant"
        case .cosine(let final): final == 0 ? "cosine" : "cosine to \(final)"
        case .oneCycle: "one-cycle"
        case .plateau(let settings): "plateau × \(settings.factor) after \(settings.patience)"
        }
    }
}

extension TrainableLayers: CustomStringConvertible {
    public var description: String {
        switch self {
        case .all: "all"
        case .head: "head"
        case .last(let count): "last \(count)"
        case .from(let name): "from \(name)"
        }
    }
}

extension ClassWeights: CustomStringConvertible {
    public var description: String {
        switch self {
        case .equal: "equal"
        case .balanced(let limit): "balanced, at most \(limit)"
        case .given(let weights):
            weights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        }
    }
}
