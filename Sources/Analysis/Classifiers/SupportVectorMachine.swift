import CSVM
import Foundation
public import LightboxCore

/// Support vector machines by libsvm: for two classes one, for more one for each class against the rest.
public struct SupportVectorTraining: Sendable {
    public enum Kernel: Sendable, Hashable {
        case linear
        /// exp(−γ d²); nil for 1 / (columns · variance), as scikit-learn's `gamma="scale"`.
        case gaussian(gamma: Double?)
    }

    public var kernel = Kernel.gaussian(gamma: nil)
    /// C, what a row on the wrong side costs.
    public var cost = 1.0
    public var tolerance = 1e-3

    public init() {}

    /// - Throws: ``AnalysisError``; `CancellationError` between two machines when `isCancelled` says so.
    public func fit(
        _ data: LabelledMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> SupportVectorMachine {
        guard cost > 0 else { throw AnalysisError(.badInput, "svm", "C is above 0.") }
        let gamma: Double? =
            switch kernel {
            case .linear: nil
            case .gaussian(let given):
                given ?? 1 / (Double(data.matrix.columns) * max(data.matrix.variance, 1e-12))
            }
        let problem = LibSVMProblem(data.matrix)
        var machines: [SupportVectorMachine.Machine] = []
        let wanted = data.classes == 2 ? [1] : Array(0..<data.classes)
        for (number, positive) in wanted.enumerated() {
            guard !isCancelled() else { throw CancellationError() }
            machines.append(
                try problem.train(
                    data.labels.map { $0 == positive }, weights: data.classWeights(of: positive), gamma: gamma,
                    cost: cost, tolerance: tolerance))
            progress?(ProgressUpdate(stage: "svm", completed: number + 1, total: wanted.count))
        }
        return SupportVectorMachine(
            classes: data.classes, columns: data.matrix.columns, gamma: gamma, machines: machines)
    }
}

/// What came out: support vectors with a coefficient each.
public struct SupportVectorMachine: VectorClassifier {
    /// Says how far a row is on a class's side: Σ coefficient · kernel(row, vector) − offset.
    public struct Machine: Sendable {
        public let vectors: FeatureMatrix
        public let coefficients: [Double]
        public let offset: Double
    }

    public let classes: Int
    public let columns: Int
    /// nil for a linear kernel.
    public let gamma: Double?
    /// One for each class; for two classes only the second's.
    public let machines: [Machine]

    /// - Returns: of two classes the half of the distance from the border, to each side; else each machine's.
    public func scores(_ matrix: FeatureMatrix) throws -> [Double] {
        let all = try machines.map { try decisions(of: $0, matrix) }
        return (0..<matrix.rows).flatMap { row in
            classes == 2 ? [-all[0][row] / 2, all[0][row] / 2] : all.map { $0[row] }
        }
    }

    func decisions(of machine: Machine, _ matrix: FeatureMatrix) throws -> [Double] {
        precondition(matrix.columns == columns)
        let algebra = try LinearAlgebra()
        let count = machine.vectors.rows
        let vectors = machine.vectors.values.map(Double.init)
        func squares(_ values: UnsafePointer<Double>, _ rows: Int) -> [Double] {
            (0..<rows).map { row in
                (0..<columns).reduce(0.0) { $0 + values[row * columns + $1] * values[row * columns + $1] }
            }
        }
        let own = squares(vectors, count)
        var products = [Double](repeating: 0, count: 512 * count)
        var decisions: [Double] = []
        matrix.inBlocks(of: 512) { _, rows, block in
            algebra.products(block.baseAddress!, rows, vectors, count, length: columns, into: &products)
            let theirs = squares(block.baseAddress!, rows)
            for row in 0..<rows {
                var sum = -machine.offset
                for index in 0..<count {
                    let product = products[row * count + index]
                    let value = gamma.map { exp(-$0 * max(0, theirs[row] + own[index] - 2 * product)) } ?? product
                    sum += machine.coefficients[index] * value
                }
                decisions.append(sum)
            }
        }
        return decisions
    }
}

/// Rows as libsvm takes them.
private final class LibSVMProblem {
    private let matrix: FeatureMatrix
    private let nodes: UnsafeMutablePointer<svm_node>
    private let rows: UnsafeMutablePointer<UnsafeMutablePointer<svm_node>?>

    init(_ matrix: FeatureMatrix) {
        self.matrix = matrix
        let width = matrix.columns + 1
        nodes = .allocate(capacity: matrix.rows * width)
        rows = .allocate(capacity: matrix.rows)
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns {
                nodes[row * width + column] = svm_node(
                    index: Int32(column + 1), value: Double(matrix[row, column]))
            }
            nodes[row * width + matrix.columns] = svm_node(index: -1, value: 0)
            rows[row] = nodes + row * width
        }
    }

    deinit {
        nodes.deallocate()
        rows.deallocate()
    }

    /// - Parameter weights: of the rows that are positive, and of the others.
    func train(
        _ isPositive: [Bool], weights: (positive: Double, other: Double), gamma: Double?, cost: Double,
        tolerance: Double
    ) throws -> SupportVectorMachine.Machine {
        var message: UnsafePointer<CChar>?
        guard let library = csvm_open(&message)?.pointee else {
            throw AnalysisError(.libraryMissing, "libsvm", message.map { String(cString: $0) } ?? "")
        }
        var labels: [Int32] = [1, -1]
        var factors = [weights.positive, weights.other]
        var signs = isPositive.map { $0 ? 1.0 : -1.0 }
        return try labels.withUnsafeMutableBufferPointer { labels in
            try factors.withUnsafeMutableBufferPointer { factors in
                try signs.withUnsafeMutableBufferPointer { signs in
                    var parameter = svm_parameter()
                    parameter.svm_type = Int32(C_SVC)
                    parameter.kernel_type = Int32(gamma == nil ? LINEAR : RBF)
                    parameter.gamma = gamma ?? 0
                    (parameter.C, parameter.eps, parameter.cache_size) = (cost, tolerance, 500)
                    parameter.shrinking = 1
                    parameter.nr_weight = 2
                    (parameter.weight_label, parameter.weight) = (labels.baseAddress, factors.baseAddress)
                    var problem = svm_problem(l: Int32(matrix.rows), y: signs.baseAddress, x: rows)
                    if let trouble = library.check(&problem, &parameter) {
                        throw AnalysisError(.badInput, "svm", String(cString: trouble))
                    }
                    var model = library.train(&problem, &parameter)
                    defer { library.free_model(&model) }
                    guard let model else { throw AnalysisError(.noSolution, "svm", "libsvm gave no model.") }
                    return read(model.pointee)
                }
            }
        }
    }

    /// libsvm's first class is the one whose label came first, which may be the negative one.
    private func read(_ model: svm_model) -> SupportVectorMachine.Machine {
        let count = Int(model.l)
        let sign = model.label[0] == 1 ? 1.0 : -1.0
        let indices = (0..<count).map { Int(model.sv_indices[$0]) - 1 }
        return SupportVectorMachine.Machine(
            vectors: matrix.rows(indices), coefficients: (0..<count).map { sign * model.sv_coef[0]![$0] },
            offset: sign * model.rho[0])
    }
}

extension FeatureMatrix {
    /// Of all numbers together.
    fileprivate var variance: Double {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        return values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
    }
}
