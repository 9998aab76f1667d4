public import LightboxCore

/// Why a network could not be found or built.
public struct NetworkError: Failure, Equatable {
    public var kind: FailureKind
    /// The network's name, or what was asked for.
    public var network: String
    public var problem: String
    /// What to do now.
    public var remedy: String

    public init(kind: FailureKind, network: String, problem: String, remedy: String) {
        self.kind = kind
        self.network = network
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String { "network \(network): \(problem). \(remedy)" }
}
