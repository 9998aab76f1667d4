public import LightboxCore

/// Why a model's folder could not be written, opened or trusted.
public struct RegistryError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// No folder, or one without `model.json`.
        case notAModel
        case damagedManifest
        /// Written by a later Lightbox than this one.
        case newerFormat
        case missingFile
        /// A file whose bytes are not those the manifest was written for.
        case changedFile
        /// A file's name that leads out of the folder, or a link.
        case unsafeName
        case limitExceeded
        case alreadyThere
        /// Parts that do not fit one another: labels and scores, preprocessing and input.
        case inconsistent
        case unsupported
    }

    public let code: Code
    /// The folder, or the file in it.
    public let path: String
    public let problem: String
    /// What to do now.
    public let remedy: String

    public init(_ code: Code, _ path: String, _ problem: String, remedy: String) {
        self.code = code
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .notAModel: .notFound
        case .damagedManifest, .missingFile, .changedFile, .unsafeName: .corrupt
        case .newerFormat, .unsupported: .unsupported
        case .limitExceeded: .limitExceeded
        case .alreadyThere: .conflict
        case .inconsistent: .invalidInput
        }
    }

    public var description: String { "\(path): \(problem). \(remedy)" }
}
