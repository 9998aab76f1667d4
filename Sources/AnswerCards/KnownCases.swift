public import LightboxCore
public import Serving

/// The cases that answers are held against: a table's vectors, in memory.
public struct KnownCases: Sendable {
    /// Where they come from.
    public let table: String
    public let index: CaseIndex
    /// Of what the table holds.
    public let sha256: ContentHash

    public init(table: String, _ index: CaseIndex) {
        self.table = table
        self.index = index
        sha256 = index.fingerprint()
    }

    /// Where the pictures of cases are, as far as it is known.
    func paths(of known: [AnswerCard.Known]) -> [String?] { known.map { index.case(id: $0.id)?.path } }

    /// - Parameter vector: the model's embedding of an image.
    /// - Throws: ``CardError`` for a vector of another length than the table's.
    func said(of vector: [Float], count: Int) throws -> AnswerCard.Cases {
        guard vector.count == index.length else {
            throw CardError(
                .invalidInput, table, "its vectors are not those in front of the model's last layer",
                remedy: "Name a table that was made with the model's network.")
        }
        let nearest = index.nearest(to: vector, count: count)[0].map { match in
            let known = index.cases[match.index]
            return AnswerCard.Known(id: known.id, similarity: match.similarity, labels: known.labels)
        }
        return AnswerCard.Cases(table: table, sha256: sha256, count: index.cases.count, nearest: nearest)
    }
}
