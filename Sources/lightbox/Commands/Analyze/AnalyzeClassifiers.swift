import Analysis
import ArgumentParser
import Evaluation
import Foundation
import LightboxCore
import Pipelines

/// Options of classifiers.
struct ClassifyArguments: ParsableArguments {
    @Argument(help: "A table with a column of vectors, or a SELECT.") var table: String
    @Option(help: "The column of classes.") var label: String
    @Option(
        help: "Rows with one value of this column stay together; patient, patient_id or study where there is one.")
    var group: String?
    @Option(help: "Rounds of the cross-validation.") var folds = 5
    @Option(help: "equal, or balanced: rare classes count as much as others.") var classWeights = "equal"
    @Flag(inversion: .prefixedNo, help: "Bring each column to the mean 0 and the variance 1.") var standardize =
        true
    @Option(help: "The same seed gives the same folds and the same model.") var seed: UInt64 = 0
    @Option(help: "Draws of the bootstrap for the intervals; 0 for none.") var bootstrap = 2000
    @Option(
        help: ArgumentHelp("A folder for the model, which can be served, and its evaluation.", valueName: "dir"))
    var model: String?
    @OptionGroup var vectors: VectorArguments
    @OptionGroup var output: AnalysisOutputArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard folds > 1 else { throw ValidationError("--folds is at least 2.") }
        guard ["equal", "balanced"].contains(classWeights) else {
            throw ValidationError("--class-weights is equal or balanced.")
        }
        guard bootstrap >= 0 else { throw ValidationError("--bootstrap is 0 or more.") }
    }

    func run(_ method: ClassifyStage.Method) throws {
        var stage = ClassifyStage(vectors.source(table), method, label: label)
        (stage.group, stage.folds, stage.seed) = (group, folds, seed)
        (stage.isBalanced, stage.isStandardised) = (classWeights == "balanced", standardize)
        (stage.output, stage.model) = (output.place(), model)
        if bootstrap == 0 {
            stage.settings.bootstrap = nil
        } else {
            stage.settings.bootstrap?.replicates = bootstrap
        }
        try global.run { [stage] context in
            let result = try stage.run(context)
            if global.json {
                print(String(decoding: try result.evaluation.json(), as: UTF8.self), terminator: "")
            } else {
                for line in EvaluationText.lines(result.evaluation) { print(line) }
            }
            let groups = result.group.map { ", by \($0)" } ?? ""
            global.note(
                "\(result.rows) rows, each judged by a model that has not seen it (\(folds) folds\(groups)).")
            if result.withoutLabel > 0 { global.note("\(result.withoutLabel) rows without a class.") }
            for output in result.outputs { global.note("wrote \(output)") }
        }
    }
}

struct AnalyzeLogistic: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logistic", abstract: "Logistic regression on vectors, cross-validated.",
        discussion: """
            Example:
              lightbox analyze logistic features --join labels --label finding --group patient --model lr/
              lightbox models create lr && lightbox versions create v1 --model lr --origin lr/model.onnx
            """)

    @Option(name: .customLong("c"), help: "The inverse of the penalty's strength.") var inversePenalty = 1.0
    @OptionGroup var arguments: ClassifyArguments

    func run() throws {
        var regression = LogisticRegression()
        regression.inversePenalty = inversePenalty
        try arguments.run(.logistic(regression))
    }
}

struct AnalyzeSVM: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "svm", abstract: "Support vector machines on vectors, cross-validated.")

    enum Kernel: String, ExpressibleByArgument, CaseIterable { case rbf, linear }

    @Option(help: "rbf or linear.") var kernel = Kernel.rbf
    @Option(help: "Of the rbf kernel; 1 / (columns · variance) when left out.") var gamma: Double?
    @Option(name: .customLong("c"), help: "What a row on the wrong side costs.") var cost = 1.0
    @OptionGroup var arguments: ClassifyArguments

    func validate() throws {
        guard gamma.map({ $0 > 0 }) ?? true else { throw ValidationError("--gamma is above 0.") }
    }

    func run() throws {
        var training = SupportVectorTraining()
        training.kernel = kernel == .linear ? .linear : .gaussian(gamma: gamma)
        training.cost = cost
        try arguments.run(.supportVectors(training))
    }
}

struct AnalyzeMLP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mlp", abstract: "A network of one hidden layer on vectors, cross-validated.")

    @Option(help: "Units of the hidden layer.") var hiddenUnits = 100
    @Option(help: "The penalty's strength.") var alpha = 1e-4
    @Option(help: "Rounds of the search.") var iterations = 200
    @OptionGroup var arguments: ClassifyArguments

    func run() throws {
        var training = PerceptronTraining()
        (training.hiddenUnits, training.penalty, training.iterations) = (hiddenUnits, alpha, iterations)
        training.seed = arguments.seed
        try arguments.run(.perceptron(training))
    }
}
