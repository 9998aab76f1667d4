import COpenBLAS

/// Products and decompositions of matrices, row after row, by OpenBLAS on all cores.
///
/// The library is opened with the first value of this type.
struct LinearAlgebra: Sendable {
    private let functions: copenblas_functions

    private static let rowMajor = Int32(COPENBLAS_ROW_MAJOR)
    private static let plain = Int32(COPENBLAS_NO_TRANS)
    private static let transposed = Int32(COPENBLAS_TRANS)
    private static let upper = Int32(COPENBLAS_UPPER)

    /// - Throws: ``AnalysisError`` where OpenBLAS is missing.
    init() throws {
        var message: UnsafePointer<CChar>?
        guard let table = copenblas_open(&message) else {
            throw AnalysisError(.libraryMissing, "OpenBLAS", message.map { String(cString: $0) } ?? "")
        }
        functions = table.pointee
    }

    /// c = a · bᵀ for rows of equal length: m × n dot products of m rows with n rows.
    func products(
        _ a: UnsafePointer<Float>, _ m: Int, _ b: UnsafePointer<Float>, _ n: Int, length: Int,
        into c: UnsafeMutablePointer<Float>
    ) {
        functions.sgemm(
            Self.rowMajor, Self.plain, Self.transposed, Int32(m), Int32(n), Int32(length), 1, a, Int32(length), b,
            Int32(length), 0, c, Int32(n))
    }

    /// The same in 64 bits.
    func products(
        _ a: UnsafePointer<Double>, _ m: Int, _ b: UnsafePointer<Double>, _ n: Int, length: Int,
        into c: UnsafeMutablePointer<Double>
    ) {
        functions.dgemm(
            Self.rowMajor, Self.plain, Self.transposed, Int32(m), Int32(n), Int32(length), 1, a, Int32(length), b,
            Int32(length), 0, c, Int32(n))
    }

    /// c = a · b, of m × k and k × n.
    func multiply(
        _ a: UnsafePointer<Double>, _ m: Int, _ k: Int, _ b: UnsafePointer<Double>, _ n: Int,
        into c: UnsafeMutablePointer<Double>
    ) {
        functions.dgemm(
            Self.rowMajor, Self.plain, Self.plain, Int32(m), Int32(n), Int32(k), 1, a, Int32(k), b, Int32(n), 0, c,
            Int32(n))
    }

    /// c += aᵀ · b for k rows of m and of n numbers.
    func addTransposed(
        _ a: UnsafePointer<Double>, _ m: Int, _ b: UnsafePointer<Double>, _ n: Int, rows k: Int,
        to c: UnsafeMutablePointer<Double>
    ) {
        functions.dgemm(
            Self.rowMajor, Self.transposed, Self.plain, Int32(m), Int32(n), Int32(k), 1, a, Int32(m), b, Int32(n),
            1,
            c, Int32(n))
    }

    /// Adds aᵀ · a of some rows to the upper triangle of an n × n matrix.
    func addGram(_ a: UnsafePointer<Double>, rows: Int, columns n: Int, to c: UnsafeMutablePointer<Double>) {
        functions.dsyrk(
            Self.rowMajor, Self.upper, Self.transposed, Int32(n), Int32(rows), 1, a, Int32(n), 1, c, Int32(n))
    }

    /// The largest eigenvalues of a symmetric n × n matrix, the largest first, with their vectors as rows.
    ///
    /// - Parameter matrix: its upper triangle counts.
    func eigen(_ matrix: [Double], n: Int, largest count: Int) throws -> (values: [Double], vectors: [Double]) {
        var a = matrix
        var values = [Double](repeating: 0, count: n)
        var vectors = [Double](repeating: 0, count: n * count)
        var support = [Int32](repeating: 0, count: 2 * max(count, 1))
        var (size, low, high, found, info) = (Int32(n), Int32(n - count + 1), Int32(n), Int32(0), Int32(0))
        var none = 0.0
        // Row-major upper is column-major lower.
        func call(_ work: inout [Double], _ words: inout [Int32], asking: Bool) {
            var (length, wordLength) = asking ? (Int32(-1), Int32(-1)) : (Int32(work.count), Int32(words.count))
            functions.dsyevr(
                "V", "I", "L", &size, &a, &size, &none, &none, &low, &high, &none, &found, &values, &vectors,
                &size, &support, &work, &length, &words, &wordLength, &info)
        }
        var work = [0.0]
        var words: [Int32] = [0]
        call(&work, &words, asking: true)
        work = [Double](repeating: 0, count: Int(work[0]))
        words = [Int32](repeating: 0, count: Int(words[0]))
        call(&work, &words, asking: false)
        guard info == 0 && found == count else {
            throw AnalysisError(.noSolution, "eigenvalues", "LAPACK's dsyevr ended with \(info).")
        }
        // Ascending, a column each.
        var ordered: [Double] = []
        ordered.reserveCapacity(n * count)
        for index in stride(from: count - 1, through: 0, by: -1) {
            ordered += vectors[(index * n)..<((index + 1) * n)]
        }
        return (values[..<count].reversed(), ordered)
    }

    /// The lower triangle L with L · Lᵀ = matrix, and L's inverse, both n × n; nil where the matrix is not positive.
    func cholesky(_ matrix: [Double], n: Int) -> (factor: [Double], inverse: [Double])? {
        var factor = matrix
        var (size, info) = (Int32(n), Int32(0))
        // A row-major lower triangle is a column-major upper one.
        functions.dpotrf("U", &size, &factor, &size, &info)
        guard info == 0 else { return nil }
        for row in 0..<n { for column in (row + 1)..<max(n, row + 1) { factor[row * n + column] = 0 } }
        var inverse = factor
        functions.dtrtri("U", "N", &size, &inverse, &size, &info)
        return info == 0 ? (factor, inverse) : nil
    }
}
