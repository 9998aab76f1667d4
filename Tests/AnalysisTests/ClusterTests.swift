import Analysis
import LightboxCore
import Testing

@Suite("Clusters of vectors") struct ClusterTests {
    private let numbers = Reference.numbers

    @Test("k-means finds what scikit-learn finds, the same for the same seed") func kMeans() throws {
        let found = try KMeans(clusters: 4).cluster(Rows.matrix)
        #expect(abs(found.inertia / numbers.kmeans - 1) < 0.001)
        #expect(try KMeans(clusters: 4).cluster(Rows.matrix).labels == found.labels)
        // Each row has its nearest centre, and each centre is the mean of its rows.
        for cluster in 0..<4 {
            let rows = found.labels.indices.filter { found.labels[$0] == cluster }
            for column in 0..<Rows.columns {
                let mean = rows.reduce(0.0) { $0 + Double(Rows.matrix[$1, column]) } / Double(rows.count)
                #expect(abs(mean - Double(found.centres[cluster, column])) < 1e-4)
            }
        }
    }

    @Test("As many clusters as rows have no inertia; one has all") func extremes() throws {
        let few = Rows.matrix.rows(0..<6)
        #expect(try KMeans(clusters: 6).cluster(few).inertia < 1e-9)
        #expect(try Set(KMeans(clusters: 6).cluster(few).labels).count == 6)
        #expect(try KMeans(clusters: 1).cluster(few).labels == [0, 0, 0, 0, 0, 0])
        #expect(throws: AnalysisError.self) { try KMeans(clusters: 7).cluster(few) }
        // More clusters than different rows: some stay empty, none is lost.
        let equal = FeatureMatrix(rows: 5, columns: 2, values: [1, 1, 1, 1, 1, 1, 2, 2, 2, 2])
        #expect(try KMeans(clusters: 4).cluster(equal).inertia == 0)
    }

    @Test("Mixtures become as likely as scikit-learn's", arguments: GaussianMixture.Covariance.allCases)
    func mixture(covariance: GaussianMixture.Covariance) throws {
        var mixture = GaussianMixture(components: 4)
        (mixture.covariance, mixture.starts, mixture.tolerance, mixture.iterations) = (covariance, 10, 1e-6, 2000)
        let found = try mixture.fit(Rows.matrix)
        let expected = covariance == .full ? numbers.gmm.full : numbers.gmm.diag
        #expect(found.logLikelihood > expected - 0.01 * abs(expected) && found.hasConverged)
        #expect(abs(found.weights.reduce(0, +) - 1) < 1e-9)
        for row in 0..<240 {
            let shares = found.probabilities[(row * 4)..<(row * 4 + 4)]
            #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
            #expect(shares.max() == shares[row * 4 + found.labels[row]])
        }
    }

    @Test("A component with fewer rows than columns says what to do") func tooFewRows() {
        let error = #expect(throws: AnalysisError.self) {
            try GaussianMixture(components: 2).fit(Rows.matrix.rows(0..<16))
        }
        #expect(error?.code == .noSolution && error!.description.contains("--pca"))
    }

    @Test("Agreement is scikit-learn's") func agreement() {
        let found = ClusterAgreement(Rows.labels, Rows.uneven)
        #expect(abs(found.adjustedRandIndex - numbers.agreement.rand) < 1e-12)
        #expect(abs(found.normalizedMutualInformation - numbers.agreement.information) < 1e-12)
        #expect(ClusterAgreement([1, 1, 2], ["b", "b", "a"]).adjustedRandIndex == 1)
        #expect(ClusterAgreement([1, 1], [0, 0]).normalizedMutualInformation == 1)
    }
}
